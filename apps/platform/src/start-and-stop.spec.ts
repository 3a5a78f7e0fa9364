import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataRoot, until } from '@taskwire/testing';
import { type Running, runPlatform } from './launcher.fixture.js';
import { commandLines } from './processes.js';

const START_LIMIT_MS = 60_000;
let folder: string;
let running: Running | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(dataRoot(), 'taskwire start '));
  chmodSync(folder, 0o755);
});

afterEach(async () => {
  running?.child.kill('SIGTERM');
  await running?.ended;
  rmSync(folder, { recursive: true, force: true });
});

const postgres = (): string => join(folder, 'data', 'postgres');

async function ready(): Promise<Running> {
  running = await runPlatform(folder);
  const deadline = performance.now() + START_LIMIT_MS;
  while (!running.output().includes('Taskwire is ready.') || !running.output().includes('Admin')) {
    if (running.child.exitCode !== null)
      throw new Error(`ended while it started: ${(await running.ended).errors}`);
    if (performance.now() > deadline) throw new Error(`not ready in time: ${running.output()}`);
    await sleep(50);
  }
  return running;
}

/** Processes of PostgreSQL that were started for the folder: initdb, the server, and what these start. */
function serversOn(data: string): number {
  return commandLines().filter((line) => /bin\/(postgres|initdb)\b/.test(line) && line.includes(data)).length;
}

async function login({ ports }: Running): Promise<number> {
  const password = readFileSync(join(folder, 'data', 'admin-password'), 'utf8').trim();
  const response = await fetch(`http://127.0.0.1:${ports['GATEWAY_PORT']}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@localhost', password }),
    signal: AbortSignal.timeout(10_000),
  });
  return response.status;
}

describe('npm start', () => {
  it('prints where things are, drains on Ctrl-C, and finds its data at the next start', async () => {
    const first = await ready();
    const password = readFileSync(join(folder, 'data', 'admin-password'), 'utf8').trim();
    expect(first.output()).toContain(`http://127.0.0.1:${first.ports['GATEWAY_PORT']}/docs`);
    expect(first.output()).toContain(`password ${password}, kept in`);
    expect(statSync(join(folder, 'data', 'admin-password')).mode & 0o777).toBe(0o600);
    expect(await login(first)).toBe(200);
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(0);

    const second = await ready();
    expect(second.output()).not.toContain(password);
    expect(await login(second)).toBe(200);
  }, 120_000);

  it('starts again after it was killed, on the database that outlived it', async () => {
    const first = await ready();
    first.child.kill('SIGKILL');
    await first.ended;

    expect(await login(await ready())).toBe(200);
  }, 120_000);

  it('ends at once on a second Ctrl-C, and its database ends too', async () => {
    const { child, ended } = await ready();
    child.kill('SIGINT');
    await sleep(400);
    child.kill('SIGINT');

    expect([0, 130]).toContain((await ended).code);
    await until('its database has ended', () => serversOn(folder) === 0);
  }, 120_000);

  it.each([
    ['makes its database', () => readdirSync(postgres()).some((name) => name.startsWith('init-'))],
    ['starts its database', () => serversOn(folder) > 0 && existsSync(join(postgres(), 'server.log'))],
    ['runs its database', () => existsSync(join(postgres(), 'data/postmaster.pid'))],
  ])(
    'ends with 130 and leaves nothing running on a Ctrl-C while it %s',
    async (_, isThere) => {
      running = await runPlatform(folder);
      await until('the moment', () => existsSync(postgres()) && isThere(), START_LIMIT_MS);
      running.child.kill('SIGINT');

      expect(await running.ended).toEqual({ code: 130, errors: '' });
      expect(running.output()).not.toContain('ready');
      expect(existsSync(join(folder, 'data', 'lock'))).toBe(false);
      expect(serversOn(folder)).toBe(0);
    },
    120_000,
  );

  it('leaves no database behind when a second Ctrl-C ends its start at once', async () => {
    running = await runPlatform(folder);
    await until('the moment', () => serversOn(folder) > 0, START_LIMIT_MS);
    running.child.kill('SIGINT');
    await sleep(310);
    running.child.kill('SIGINT');

    expect((await running.ended).code).toBe(130);
    await until('its database has ended', () => serversOn(folder) === 0);
  }, 120_000);
});
