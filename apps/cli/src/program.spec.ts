import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { program } from './program.js';

interface Seen {
  readonly request: IncomingMessage;
  readonly body: unknown;
}

let auth: Server;
let env: NodeJS.ProcessEnv;
let answer: { status: number; body: object };
let seen: Seen[];
let printed: string[];

beforeEach(async () => {
  seen = [];
  printed = [];
  answer = { status: 200, body: { userId: '1', roles: ['user', 'admin'] } };
  auth = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ request, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve));
  const { port } = auth.address() as AddressInfo;
  env = { AUTH_URL: `http://127.0.0.1:${port}`, INTERNAL_TOKEN: 'secret' };
});
afterEach(() => new Promise((resolve) => auth.close(resolve)));

const run = (...args: string[]) =>
  program(env, (line) => printed.push(line))
    .exitOverride()
    .parseAsync(args, { from: 'user' });

describe('taskwire users grant', () => {
  it('asks auth with the internal token, and says what was done', async () => {
    await run('users', 'grant', 'ada@example.com', 'admin');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.request).toMatchObject({ method: 'POST', url: '/internal/users/roles' });
    expect(seen[0]?.request.headers.authorization).toBe('Bearer secret');
    expect(seen[0]?.body).toEqual({ email: 'ada@example.com', role: 'admin' });
    expect(printed.join()).toContain('ada@example.com has the role admin');
  });

  it('reads the token from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskwire-cli-'));
    writeFileSync(join(folder, 'token'), 'from a file\n');
    env = { AUTH_URL: env.AUTH_URL, INTERNAL_TOKEN_FILE: join(folder, 'token') };
    await run('users', 'grant', 'ada@example.com', 'admin');
    rmSync(folder, { recursive: true });
    expect(seen[0]?.request.headers.authorization).toBe('Bearer from a file');
  });

  it('looks where the variables of npm start say that the platform is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskwire-cli-'));
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys/internal-token'), 'of that platform\n');
    const port = new URL(String(env.AUTH_URL)).port;
    env = {
      TASKWIRE_DATA: folder,
      AUTH_PORT: port,
      AUTH_URL: '',
      INTERNAL_TOKEN: '',
      INTERNAL_TOKEN_FILE: '',
    };
    await run('users', 'grant', 'ada@example.com', 'admin');
    rmSync(folder, { recursive: true });
    expect(seen[0]?.request.headers.authorization).toBe('Bearer of that platform');
  });

  it('explains a variable of npm start that makes no sense', async () => {
    env = { INTERNAL_TOKEN: 'secret', AUTH_PORT: 'x' };
    await expect(run('users', 'grant', 'a@b.c', 'admin')).rejects.toThrow(/AUTH_PORT: must be a port/);
  });

  it('names the roles that there are, without asking', async () => {
    await expect(run('users', 'grant', 'a@b.c', 'root')).rejects.toThrow(/user, admin, operator/);
    expect(seen).toEqual([]);
  });

  it.each([
    ['an unknown account', { status: 404, body: { code: 'not_found' } }, /no account with the email a@b\.c/],
    ['a wrong token', { status: 401, body: {} }, /does not accept the internal token/],
    [
      'a fault',
      { status: 500, body: { title: 'An unexpected error', traceId: 'abc' } },
      /500: An unexpected.*abc/,
    ],
  ])('explains %s', async (_, given, message) => {
    answer = given;
    await expect(run('users', 'grant', 'a@b.c', 'admin')).rejects.toThrow(message);
  });

  it('explains that auth is not there', async () => {
    env.AUTH_URL = 'http://127.0.0.1:1';
    await expect(run('users', 'grant', 'a@b.c', 'admin')).rejects.toThrow(
      /127\.0\.0\.1:1 is not reachable.*npm start/,
    );
  });

  it('explains what an address looks like', async () => {
    env.AUTH_URL = 'localhost:5001';
    await expect(run('users', 'grant', 'a@b.c', 'admin')).rejects.toThrow(
      /AUTH_URL must be.*"localhost:5001"/,
    );
  });

  it('explains where a token comes from when there is none', async () => {
    env = { AUTH_URL: env.AUTH_URL, INTERNAL_TOKEN_FILE: '/nowhere/token' };
    await expect(run('users', 'grant', 'a@b.c', 'admin')).rejects.toThrow(/\/nowhere\/token.*INTERNAL_TOKEN/);
  });
});
