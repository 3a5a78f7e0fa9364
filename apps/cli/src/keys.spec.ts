import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { program } from './program.js';

const KEYS = [
  { kid: 'old', phase: 'signing', from: null, until: '2026-03-01T08:21:00.000Z' },
  { kid: 'new', phase: 'next', from: '2026-03-01T08:06:00.000Z', until: null },
];

let auth: Server;
let asked: { path: string | undefined; body: unknown }[];
let printed: string[];
let status: number;

beforeEach(async () => {
  [asked, printed, status] = [[], [], 200];
  auth = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      asked.push({ path: `${request.method} ${request.url}`, body });
      const problem = { title: 'wrong', errors: [{ pointer: '/afterSeconds', detail: 'too small' }] };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(status === 200 ? { keys: KEYS } : problem));
    });
  });
  await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => auth.close(resolve)));

function run(...args: string[]): Promise<unknown> {
  const env = {
    AUTH_URL: `http://127.0.0.1:${(auth.address() as AddressInfo).port}`,
    INTERNAL_TOKEN: 'secret',
  };
  return program(env, (line) => printed.push(line))
    .exitOverride()
    .parseAsync(['keys', ...args], { from: 'user' });
}

describe('taskwire keys', () => {
  it('lists what each key is for, and until when', async () => {
    await run('list');
    expect(asked).toMatchObject([{ path: expect.stringMatching(/^GET \/internal\/keys/) }]);
    expect(printed).toEqual([
      'KEY  PHASE    SIGNS FROM                RETIRES',
      'old  signing  -                         2026-03-01T08:21:00.000Z',
      'new  next     2026-03-01T08:06:00.000Z  -',
    ]);
  });

  it.each([
    [[], 360],
    [['--after', '15s'], 15],
  ])('rotates with %j, and shows what comes of it', async (options, afterSeconds) => {
    await run('rotate', ...options);
    expect(asked).toEqual([{ path: 'POST /internal/keys/rotate', body: { afterSeconds } }]);
    expect(printed.join()).toContain('next');
  });

  it('says why it did not', async () => {
    await expect(run('rotate', '--after', 'soon')).rejects.toThrow('"soon" is no duration');
    status = 400;
    await expect(run('rotate', '--after', '1s')).rejects.toThrow('/afterSeconds: too small');
  });
});
