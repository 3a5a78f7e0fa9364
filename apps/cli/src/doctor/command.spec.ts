import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { program } from '../program.js';

const NAMES = ['auth', 'task', 'notification', 'analytics', 'gateway'];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

interface Process {
  /** How far its clock is ahead. */
  readonly aheadMs?: number;
  readonly findings?: readonly object[];
  readonly body?: object;
}

/** Processes of a platform; `doctor` on them answers what was printed and why it failed. */
async function doctorOf(processes: Readonly<Record<string, Process>>) {
  const env: NodeJS.ProcessEnv = { INTERNAL_TOKEN: 'secret' };
  for (const name of NAMES) {
    const { aheadMs = 0, findings = [], body = { findings } } = processes[name] ?? {};
    const server = createServer((request, response) => {
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
      response.setHeader('connection', 'close');
      response.end(JSON.stringify(request.url === '/health/live' ? {} : body));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    env[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const printed: string[] = [];
  const ended = program(env, (line) => printed.push(line)).parseAsync(['doctor'], { from: 'user' });
  return { failed: await ended.then(() => undefined, String), printed };
}

describe('taskwire doctor', () => {
  it('is content with clocks that agree', async () => {
    expect(await doctorOf({})).toEqual({ printed: ['all is well'], failed: undefined });
  });

  it.each([
    ['warns of a gateway whose clock is seconds off', 20_000, '~', undefined],
    ['refuses one that is minutes off', -300_000, '!', expect.stringContaining('must be mended')],
  ])('%s', async (_, aheadMs, sign, failed) => {
    const found = await doctorOf({ gateway: { aheadMs } });

    expect(found.printed[0]?.startsWith(`${sign} the clocks of `)).toBe(true);
    expect(found.printed[0]).toContain('gateway');
    expect(found.failed).toEqual(failed);
  });

  it('shows what a service says as text that commands no terminal', async () => {
    const finding = { level: 'warning', what: 'red \u001b[31m', why: 'a\nb', change: 'c' };
    const { printed } = await doctorOf({ task: { findings: [finding] } });

    expect(printed).toHaveLength(4);
    expect(printed.join()).not.toContain('\u001b');
  });

  it('says that a service is of another version', async () => {
    const { printed, failed } = await doctorOf({ task: { body: { other: 1 } } });

    expect(printed[0]).toMatch(/^! task at .* is of another version/);
    expect(failed).toBeDefined();
  });
});
