import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { program } from '../program.js';
import { action, detail, letter, step, StubService } from './stub-service.fixture.js';

let services: Record<'auth' | 'task' | 'notification' | 'analytics', StubService>;
let env: NodeJS.ProcessEnv;
let printed: string[];
let folder: string;

beforeEach(async () => {
  printed = [];
  folder = mkdtempSync(join(tmpdir(), 'taskwire-cli-'));
  services = {
    ...{ auth: new StubService(), task: new StubService() },
    ...{ notification: new StubService(), analytics: new StubService() },
  };
  env = { INTERNAL_TOKEN: 'secret' };
  for (const [name, service] of Object.entries(services)) {
    env[`${name.toUpperCase()}_URL`] = await service.listen();
  }
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all(Object.values(services).map((service) => service.close()));
});

const run = (...args: string[]) =>
  program(env, (line) => printed.push(line)).parseAsync(['dead-letters', ...args], { from: 'user' });
const text = () => printed.join('\n');
const counts = { dead: 1, retry: 0, waiting: 2 };
const page = (messages: object[], next: string | null = null) => ({ messages, counts, next });
const none = { messages: [], counts: { dead: 0, retry: 0, waiting: 0 }, next: null };

describe('dead-letters list', () => {
  it('asks every service, and shows one table', async () => {
    services.auth.answer(none);
    services.task.answer(page([letter({ subscriber: 'task.commands', id: 'c', ending: 'failed' })]));
    services.notification.answer(page([letter(), letter({ id: 'b', state: 'waiting', reason: null })], '7'));
    services.analytics.answer(none);
    await run('list');
    expect(text()).toMatch(/SUBSCRIBER +ID +STATE +TYPE +KEY/);
    expect(text()).toMatch(/task\.commands +c +dead \(failed\)/);
    expect(text()).toMatch(/notification\.tasks +a +dead +task\.created\.v1 +owner +4 .*TypeError: no title/);
    expect(text()).toContain('notification: 1 dead, 0 to be tried again, 2 waiting');
    expect(text()).toContain('there are more: --service notification --after 7');
    for (const { asked } of Object.values(services)) {
      expect(asked).toMatchObject([
        { method: 'GET', path: '/internal/dead-letters', token: 'Bearer secret' },
      ]);
    }
  });

  it('asks the service of a subscriber, with what filters there are', async () => {
    services.notification.answer(page([]));
    const filters = ['--type', 'task.created.v1', '--key', 'k', '--older-than', '2h', '--state', 'dead'];
    await run('list', 'notification.tasks', ...filters, '--limit', '5', '--after', '3');
    expect(services.task.asked).toEqual([]);
    expect(services.notification.asked[0]?.query).toEqual({
      ...{ subscriber: 'notification.tasks', type: 'task.created.v1', key: 'k', olderThan: '7200' },
      ...{ state: 'dead', limit: '5', after: '3' },
    });
  });

  it('answers JSON to programs', async () => {
    services.task.answer(page([letter()], '7'));
    await run('list', '--service', 'task', '--json');
    expect(JSON.parse(text())).toMatchObject([
      { service: 'task', messages: [{ id: 'a' }], counts, next: '7' },
    ]);
  });

  it('lets no message command the terminal', async () => {
    services.task.answer(page([letter({ error: 'red \u001b[31m and\nmore' })]));
    await run('list', '--service', 'task');
    expect(printed.every((line) => !line.includes('\u001b') && !line.includes('\n'))).toBe(true);
  });
});

describe('dead-letters show', () => {
  it('shows why, where, headers, body and what was done', async () => {
    services.notification.answer(detail({ actions: [action] }));
    await run('show', 'notification.tasks', 'topic/3/17');
    expect(services.notification.asked[0]?.query).toEqual({
      subscriber: 'notification.tasks',
      id: 'topic/3/17',
    });
    expect(text()).toContain('no title');
    expect(text()).toContain('0 run before it and 2 wait behind it');
    expect(text()).toContain('"title": "old"');
    expect(text()).toMatch(/edit +operator-id +typo/);
  });

  it('explains that there is none', async () => {
    services.notification.answer({ detail: 'there is no such parked message', traceId: 'abc' }, 404);
    await expect(run('show', 'notification.tasks', 'z')).rejects.toThrow(/404: there is no such.*trace abc/);
  });

  it('asks which service it is where the name does not say', async () => {
    await expect(run('show', 'elsewhere', 'a')).rejects.toThrow(
      /no service is named in "elsewhere".*--service/,
    );
    await expect(run('show', 'x', 'a', '--service', 'mail')).rejects.toThrow(
      /no service "mail": use auth, task/,
    );
  });
});

describe('dead-letters replay', () => {
  it('is a dry run unless it is told otherwise', async () => {
    const steps = [
      step({ waitingBehind: 2 }),
      step({ id: 'b', afterMs: 50 }),
      step({ id: 'c', verdict: 'no-effect', afterMs: null }),
      step({ id: 'd', verdict: 'ended', afterMs: null }),
    ];
    services.notification.answer({ applied: false, steps, next: '12' });
    await run('replay', 'notification.tasks', '--type', 'task.created.v1', '--rate', '5');
    expect(services.notification.asked).toMatchObject([
      {
        method: 'POST',
        path: '/internal/dead-letters/replay',
        body: { subscriber: 'notification.tasks', type: 'task.created.v1', dryRun: true, perSecond: 5 },
      },
    ]);
    expect(printed[1]).toMatch(/^in 0\.00 s +notification\.tasks +a .* 2$/);
    expect(printed[2]).toMatch(/^in 0\.05 s +notification\.tasks +b /);
    expect(printed[3]).toMatch(/^not .* c .*the inbox has it/);
    expect(printed[4]).toMatch(/^not .* d .*its caller was told/);
    expect(text()).toContain('2 would run, 2 not. Nothing was done. Add --yes to do it.');
    expect(text()).toContain('--after 12');
  });

  it('replays with --yes', async () => {
    services.notification.answer({ applied: true, steps: [step()], next: null });
    await run('replay', 'notification.tasks', 'a', '--yes', '--reason', 'fixed');
    expect(services.notification.asked[0]?.body).toMatchObject({ id: 'a', dryRun: false, reason: 'fixed' });
    expect(text()).toContain('1 replayed.');
  });

  it('fails where the one that is meant can not run', async () => {
    services.notification.answer({
      ...{ applied: true, next: null },
      steps: [step({ state: 'retry', verdict: 'not-dead', afterMs: null })],
    });
    await expect(run('replay', 'notification.tasks', 'a', '--yes')).rejects.toThrow(
      'a was not replayed: it runs by itself',
    );
  });

  it('says that nothing fits, and wants to know where', async () => {
    services.task.answer({ applied: false, steps: [], next: null });
    await run('replay', '--service', 'task');
    expect(text()).toBe('No dead message fits.');
    await expect(run('replay', '--key', 'k')).rejects.toThrow(/say which: a subscriber/);
  });

  it('names what the service finds wrong', async () => {
    const errors = [{ pointer: '/perSecond', detail: 'expected number' }];
    services.task.answer({ title: 'not as the contract says', traceId: '', errors }, 400);
    await expect(run('replay', '--service', 'task', '--rate', 'x')).rejects.toThrow(
      /400: not as the contract says\n {2}\/perSecond: expected number/,
    );
  });
});

describe('dead-letters discard', () => {
  it('gives up one after the other, with the reason', async () => {
    services.notification.answer({ discarded: true });
    services.notification.answer({ discarded: true });
    await run('discard', 'notification.tasks', 'a', 'b', '--reason', 'sent by mistake');
    expect(services.notification.asked.map(({ body }) => body)).toEqual([
      { subscriber: 'notification.tasks', id: 'a', reason: 'sent by mistake' },
      { subscriber: 'notification.tasks', id: 'b', reason: 'sent by mistake' },
    ]);
    expect(printed[0]).toMatch(/^a is discarded/);
  });
});

describe('dead-letters edit', () => {
  const edited = { bodyHash: 'hash-of-new' };

  it('takes the payload from a file, and says what it read before', async () => {
    services.notification.answer(detail());
    services.notification.answer(edited);
    const file = join(folder, 'new.json');
    writeFileSync(file, '{"title":"new"}');
    await run('edit', 'notification.tasks', 'a', '--payload', file, '--reason', 'typo');
    expect(services.notification.asked[1]?.body).toEqual({
      ...{ subscriber: 'notification.tasks', id: 'a', payload: { title: 'new' } },
      ...{ bodyHash: 'hash-of-old', reason: 'typo' },
    });
    expect(text()).toContain('hash-of-new');
  });

  it('opens an editor on the old payload, which may have arguments', async () => {
    services.notification.answer(detail());
    services.notification.answer(edited);
    const editor = join(folder, 'editor.js');
    writeFileSync(
      editor,
      `const { readFileSync, writeFileSync, copyFileSync } = require('node:fs');
       copyFileSync(process.argv[3], ${JSON.stringify(join(folder, 'before.json'))});
       writeFileSync(process.argv[3], readFileSync(process.argv[3], 'utf8').replace('old', process.argv[2]));`,
    );
    writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
    env.EDITOR = `'${process.execPath}' '${editor}' new`;
    await run('edit', 'notification.tasks', 'a');
    expect(readFileSync(join(folder, 'before.json'), 'utf8')).toBe('{\n  "title": "old"\n}\n');
    expect(services.notification.asked[1]?.body).toMatchObject({ payload: { title: 'new' } });
  });

  it.each([
    ['the editor fails', { EDITOR: 'false' }, /the editor ended with 1/],
    ['nothing was changed', { EDITOR: 'true' }, /nothing was changed/],
    ['there is no editor', {}, /set EDITOR/],
  ])('changes nothing when %s', async (_, settings, message) => {
    services.notification.answer(detail());
    Object.assign(env, settings);
    await expect(run('edit', 'notification.tasks', 'a')).rejects.toThrow(message);
    expect(services.notification.asked).toHaveLength(1);
  });

  it('changes nothing when the new payload is no JSON, or there is none', async () => {
    const file = join(folder, 'new.json');
    writeFileSync(file, '{"title":');
    services.notification.answer(detail());
    await expect(run('edit', 'notification.tasks', 'a', '--payload', file)).rejects.toThrow(/is not JSON/);
    services.notification.answer(detail());
    await expect(run('edit', 'notification.tasks', 'a', '--payload', '/nowhere')).rejects.toThrow(
      /can't be read/,
    );
  });
});

describe('dead-letters audit', () => {
  it('shows who did what, of all services', async () => {
    services.auth.answer({
      actions: [{ ...action, at: '2026-11-24T11:00:00.000Z', actor: 'ada' }],
      next: null,
    });
    services.task.answer({ actions: [], next: null });
    services.notification.answer({ actions: [action], next: '9' });
    services.analytics.answer({ actions: [], next: null });
    await run('audit', '--action', 'edit');
    expect(printed[1]).toMatch(/edit .* ada +111111111111 +222222222222/);
    expect(printed[2]).toMatch(/operator-id .* typo$/);
    expect(text()).toContain('--service notification --before 9');
    expect(services.auth.asked[0]?.query).toMatchObject({ action: 'edit', originals: 'false' });
  });

  it('shows what was replaced when asked', async () => {
    const original = { headers: {}, body: { encoding: 'utf8', value: 'broken' } };
    services.task.answer({ actions: [{ ...action, original }], next: null });
    await run('audit', 'task.events', 'a', '--originals');
    expect(JSON.parse(text())).toMatchObject([{ actions: [{ original }] }]);
    expect(services.task.asked[0]?.query).toMatchObject({ id: 'a', originals: 'true' });
  });
});

describe('the token', () => {
  it('can be that of an operator', async () => {
    env.OPERATOR_TOKEN = 'mine';
    services.task.answer(page([]));
    await run('list', '--service', 'task');
    expect(services.task.asked[0]?.token).toBe('Bearer mine');
    services.task.answer({}, 403);
    await expect(run('list', '--service', 'task')).rejects.toThrow(
      /does not accept OPERATOR_TOKEN.*operator/,
    );
  });

  it('comes to no service of another version', async () => {
    services.task.answer({ letters: [] });
    await expect(run('list', '--service', 'task')).rejects.toThrow(/task at .* is of another version/);
  });
});

it('help shows examples, settings and exit codes', () => {
  const help = program(env).commands.find((one) => one.name() === 'dead-letters');
  expect(help?.helpInformation()).toMatch(
    /list[\s\S]*show[\s\S]*replay[\s\S]*discard[\s\S]*edit[\s\S]*audit/,
  );
});
