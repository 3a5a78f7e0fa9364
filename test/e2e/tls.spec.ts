import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type ClientHttp2Session } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Task } from '@taskwire/contracts';
import { service as gateway } from '@taskwire/gateway';
import { ConfigError, startService } from '@taskwire/service';
import { type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

/** With `CI=true` a missing openssl is an error; elsewhere this is skipped. */
function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    if (process.env.CI === 'true') throw new Error('no openssl for the spec of TLS: install it');
    return false;
  }
}

const canCertify = hasOpenssl();
let folder: string;
let platform: Platform;
let url: URL;
let ca: string;
let ada: Client;
const file = (name: string) => join(folder, name);

async function certify(name: string): Promise<void> {
  const command = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext';
  const files = ['-keyout', file(`${name}-key.pem`), '-out', file(`${name}.pem`)];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  await promisify(execFile)('openssl', [...command.split(' '), names, ...files]);
}

beforeAll(async () => {
  if (!canCertify) return;
  folder = await mkdtemp(join(tmpdir(), 'taskwire-tls-'));
  await certify('own');
  await certify('other');
  ca = await readFile(file('own.pem'), 'utf8');
  platform = await startPlatform();
  const files = { TLS_CERT_FILE: file('own.pem'), TLS_KEY_FILE: file('own-key.pem') };
  url = new URL(await platform.addGateway(files));
  ada = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  if (canCertify) await rm(folder, { recursive: true, force: true });
}, 30_000);

const bearer = () => ({ authorization: `Bearer ${ada.token}` });

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** By HTTP/2. */
async function ask(session: ClientHttp2Session, path: string, { method = 'GET', headers, body }: Asked = {}) {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const stream = session.request({ ':method': method, ':path': path, ...type, ...headers });
  stream.end(body === undefined ? undefined : JSON.stringify(body));
  const [answered] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
  return { status: answered[':status'], headers: answered, text };
}

(canCertify ? describe : describe.skip)('a gateway with a certificate (openssl)', () => {
  it('says https of itself', () => {
    expect(url.protocol).toBe('https:');
  });

  it('speaks HTTP/2: reads, writes and problems', async () => {
    const session = connect(url, { ca });
    const made = await ask(session, '/v1/tasks', { method: 'POST', headers: bearer(), body: { title: 'A' } });
    const list = await ask(session, '/v1/tasks', { headers: bearer() });
    const refused = await ask(session, '/v1/tasks');
    session.close();

    expect(made.status).toBe(201);
    expect((JSON.parse(list.text) as { tasks: Task[] }).tasks.map(({ title }) => title)).toEqual(['A']);
    expect([refused.status, refused.headers['content-type']]).toEqual([
      401,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(refused.headers['strict-transport-security']).toMatch(/^max-age=\d+/);
    expect(refused.headers['connection']).toBeUndefined();
  });

  it('speaks HTTP/1.1 with who knows no other', async () => {
    const asked = request(new URL('/v1/tasks', url), { ca, headers: bearer() }).end();
    const [response] = (await once(asked, 'response')) as [
      { statusCode: number; httpVersion: string } & NodeJS.ReadableStream,
    ];
    response.resume();

    expect([response.statusCode, response.httpVersion]).toEqual([200, '1.1']);
  });

  it('has live events over both', async () => {
    const session = connect(url, { ca });
    const stream = session.request({ ':path': '/v1/live', ...bearer() });
    const [answered] = (await once(stream, 'response')) as [Record<string, unknown>];
    const { body } = await ada.call<{ ticket: string }>('POST', '/v1/live/tickets');
    const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const handshake = request(new URL(`/v1/live/ws?ticket=${body.ticket}`, url), {
      ca,
      headers: { ...upgrade, 'sec-websocket-key': Buffer.alloc(16).toString('base64') },
    }).end();
    const [, socket] = (await once(handshake, 'upgrade')) as [unknown, Duplex];
    // Frames of a server are not masked.
    const frames: string[] = [];
    socket.on('data', (frame: Buffer) => frames.push(frame.toString()));
    await ada.createTask('live');
    const pushed = await until(
      'the event',
      async () => frames.join(''),
      (all) => all.includes('"live"'),
    );
    socket.destroy();
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) {
      text += String(chunk);
      if (text.includes('"live"')) break;
    }
    session.destroy();

    expect(answered).toMatchObject({
      ':status': 200,
      'content-type': expect.stringContaining('text/event-stream'),
    });
    expect(pushed).toContain('"title":"live"');
  });

  it('takes no TLS older than 1.2, and no plain HTTP', async () => {
    const old = connectTls({
      host: url.hostname,
      port: Number(url.port),
      ca,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    });
    await expect(once(old, 'secureConnect')).rejects.toThrow();
    await expect(fetch(url.href.replace('https', 'http'))).rejects.toThrow();
  });

  it('ends, though clients keep connections and streams open', async () => {
    const own = { TLS_CERT_FILE: file('own.pem'), TLS_KEY_FILE: file('own-key.pem') };
    const another = await startPlatform();
    const session = connect(await another.addGateway(own), { ca });
    const user = await signUp(another.api);
    const stream = session.request({ ':path': '/v1/live', authorization: `Bearer ${user.token}` });
    await once(stream, 'response');
    const ended = once(session, 'close');
    stream.resume();
    await another.stop();
    await ended;

    expect(session.destroyed).toBe(true);
  }, 40_000);

  it('does not start with half of what it needs, or with the key of another certificate', async () => {
    const secrets = {
      INTERNAL_TOKEN: 'x'.repeat(32),
      OPERATION_SECRET: 'x'.repeat(32),
      BUS: 'memory',
      LOG_LEVEL: 'silent',
    };
    const start = (env: NodeJS.ProcessEnv) => startService(gateway, { ...secrets, PORT: '0', ...env });
    const wanted = /TLS_KEY: must be the key of TLS_CERT/;

    await expect(start({ TLS_CERT_FILE: file('own.pem') })).rejects.toThrow(wanted);
    const mixed = { TLS_CERT_FILE: file('own.pem'), TLS_KEY_FILE: file('other-key.pem') };
    await expect(start(mixed)).rejects.toThrow(ConfigError);
    await expect(start(mixed)).rejects.toThrow(wanted);
    await expect(start({ TLS_CERT_FILE: file('own-key.pem') })).rejects.toThrow(
      /TLS_CERT: must be certificates/,
    );
  });
});
