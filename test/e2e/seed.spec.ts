import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiAt, got } from './client.js';
import { type Platform, startPlatform } from './platform.js';

let platform: Platform;
let data: string;

beforeAll(async () => {
  platform = await startPlatform();
  data = await mkdtemp(join(tmpdir(), 'taskwire-seed-'));
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await rm(data, { recursive: true, force: true });
}, 30_000);

/** What `npm run seed` runs, told where the platform is as `npm start` is. */
function seed(port: string | number, ...args: string[]): Promise<{ code: number; text: string }> {
  const program = join(import.meta.dirname, '../../tools/seed.ts');
  const env = { PATH: process.env.PATH, TASKWIRE_DATA: data, GATEWAY_PORT: String(port) };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr }),
    );
  });
}

describe('npm run seed', () => {
  it('makes a demo user with tasks on the platform that the environment names, and more at a second run', async () => {
    const { port } = new URL(platform.api);
    const runs = [await seed(port, '--count', '5'), await seed(port, '--count', '2')];
    const password = (await readFile(join(data, 'demo-password'), 'utf8')).trim();
    const login = { email: 'demo@example.org', password };
    const { accessToken } = got(await apiAt(platform.api).POST('/v1/auth/login', { body: login }));
    const demo = apiAt(platform.api, accessToken);
    const list = got(await demo.GET('/v1/tasks', { params: { query: { page: 1 } } }));

    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(runs[0]?.text).toContain(`Created 5 tasks. Sign in as demo@example.org`);
    expect(list).toMatchObject({ pagination: { total: 7 } });
  }, 60_000);

  it('says that nothing runs there', async () => {
    const { code, text } = await seed(1);

    expect(text.trim()).toMatch(/^Not seeded: http:\/\/127.0.0.1:1 can't be reached .* "npm start"/);
    expect(code).toBe(1);
  });

  it.each([
    [429, 'Too many requests', /answered 429: Too many requests.* --exempt-token-file/],
    [500, 'An unexpected error', /answered 500: An unexpected error$/],
  ])('says what a platform answered: %s', async (status, title, expected) => {
    const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify({ title })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { code, text } = await seed((server.address() as AddressInfo).port);
    server.close();

    expect(text.trim()).toMatch(expected);
    expect(text).not.toContain('running');
    expect(code).toBe(1);
  });
});
