import { afterEach, describe, expect, it } from '@jest/globals';
import type { SMTPServerOptions } from 'smtp-server';
import type { Letter } from './letter.js';
import { RefusedError } from './mailer.js';
import { SmtpMailer, serverOf } from './smtp-mailer.js';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.fixture.js';

const letter: Letter = {
  id: '019a0000-0000-7000-8000-000000000001',
  userId: '019a0000-0000-7000-8000-000000000002',
  messageId: '<019a0000-0000-7000-8000-000000000001@example.org>',
  from: 'Taskwire <no-reply@example.org>',
  to: { name: 'Zoë, "the" tester', address: 'zoe@example.com' },
  subject: 'Reminder: grüne Äpfel',
  text: 'Hello Zoë,\n.\nbuy apples\n',
  headers: { 'X-Trace-Id': '0af7651916cd43dd8448eb211c80319c' },
};

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.splice(0).map((step) => step()));
});

async function smtpServer(options?: SMTPServerOptions): Promise<TestSmtpServer> {
  const server = await startSmtpServer(options);
  cleanUp.push(() => server.close());
  return server;
}

function mailerFor(url: string, timeouts = { connectMs: 2_000, silenceMs: 2_000 }): SmtpMailer {
  return new SmtpMailer(url, timeouts);
}

function refusing(responseCode: number): Error {
  return Object.assign(new Error('no such mailbox'), { responseCode });
}

describe('an SMTP server', () => {
  it('gets the letter as it was written, to its one address', async () => {
    const server = await smtpServer();
    await mailerFor(server.url()).deliver(letter);

    expect(server.received).toHaveLength(1);
    const [{ mail, to } = { mail: undefined, to: [] }] = server.received;
    expect(to).toEqual(['zoe@example.com']);
    expect(mail).toMatchObject({
      messageId: letter.messageId,
      from: { name: 'Taskwire', address: 'no-reply@example.org' },
      to: [{ name: letter.to.name, address: letter.to.address }],
      subject: letter.subject,
      text: letter.text,
    });
    expect(mail?.headers).toContainEqual(
      expect.objectContaining({ key: 'x-trace-id', value: letter.headers['X-Trace-Id'] }),
    );
  });

  it('sees the same Message-ID when a letter is delivered again', async () => {
    const server = await smtpServer();
    const mailer = mailerFor(server.url());
    await mailer.deliver(letter);
    await mailer.deliver(letter);
    expect(server.received.map(({ mail }) => mail.messageId)).toEqual([letter.messageId, letter.messageId]);
  });

  it('gets user and password of the URL, decoded', async () => {
    const logins: unknown[] = [];
    const server = await smtpServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        logins.push([username, password]);
        done(null, { user: username });
      },
    });
    await mailerFor(server.url('zo%40e:p%3Aw%2F@')).deliver(letter);
    expect(logins).toEqual([['zo@e', 'p:w/']]);
  });

  it.each([550, 553])('that answers %i to the address has refused for good', async (code) => {
    const server = await smtpServer({ onRcptTo: (_address, _session, done) => done(refusing(code)) });
    await expect(mailerFor(server.url()).deliver(letter)).rejects.toThrow(RefusedError);
  });

  it('that answers 552 to the text has refused for good', async () => {
    const server = await smtpServer({
      onData(stream, _session, done) {
        stream.resume();
        stream.on('end', () => done(refusing(552)));
      },
    });
    await expect(mailerFor(server.url()).deliver(letter)).rejects.toThrow(RefusedError);
  });

  it.each([
    ['asks to come later', { onRcptTo: (_address, _session, done) => done(refusing(450)) }],
    [
      'does not take the password',
      { allowInsecureAuth: true, onAuth: (_auth, _session, done) => done(refusing(535)) },
    ],
    ['refuses the connection', { onConnect: (_session, done) => done(refusing(554)) }],
  ] as [string, SMTPServerOptions][])('that %s may take the letter later', async (_, options) => {
    const server = await smtpServer(options);
    const delivery = mailerFor(server.url('user:wrong@')).deliver(letter);
    await expect(delivery).rejects.toThrow();
    await expect(delivery).rejects.not.toBeInstanceOf(RefusedError);
  });

  it('that falls silent is given up', async () => {
    const server = await smtpServer({ onMailFrom: () => undefined });
    const delivery = mailerFor(server.url(), { connectMs: 1_000, silenceMs: 200 }).deliver(letter);
    await expect(delivery).rejects.toThrow(/timeout/i);
  });

  it('that is not there may come back', async () => {
    const delivery = mailerFor('smtp://127.0.0.1:1').deliver(letter);
    await expect(delivery).rejects.toThrow(/ECONNREFUSED/);
    await expect(delivery).rejects.not.toBeInstanceOf(RefusedError);
  });
});

describe('the URL of an SMTP server', () => {
  it.each([
    ['smtp://mail.example', { host: 'mail.example', port: 587, secure: false, requireTLS: false }],
    ['smtps://mail.example', { port: 465, secure: true }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525 }],
    [
      'smtp://user:pass@mail.example:25',
      { port: 25, requireTLS: true, auth: { user: 'user', pass: 'pass' } },
    ],
    ['smtp://user:pass@localhost:25', { requireTLS: false }],
  ])('%s: a password goes over the network only in TLS', (url, expected) => {
    expect(serverOf(new URL(url))).toMatchObject(expected);
  });
});
