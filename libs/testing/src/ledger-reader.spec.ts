import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientRecord } from './ledger.js';
import { readOperations, readStored } from './ledger-reader.js';

const account = (n: number) => ({ userId: `user${n}`, token: 'token' });
const PAGES: Record<string, unknown> = {
  '/v1/tasks': {
    tasks: [
      {
        ...{ title: 'a', createdAt: '2026-11-24T10:00:00.000Z', completedAt: null },
        ...{ description: null, remindAt: null, version: 1 },
      },
    ],
    nextCursor: null,
  },
  '/v1/notifications': {
    notifications: [
      { id: '01a20cff-84d0-7000-8000-000000000001', kind: 'task_created', title: 'a' },
      { id: '01a20cff-84d0-7000-8000-000000000000', kind: 'welcome', title: 'Welcome' },
    ],
    nextBefore: null,
  },
  '/v1/analytics/me': { byDay: [{ day: '2026-11-24', created: 1, completed: 0 }] },
};

let server: Server;
let api: string;
let underWay = 0;
let most = 0;
/** Answers to give before the right ones. */
let first: ((response: ServerResponse) => void)[] = [];

beforeEach(async () => {
  [underWay, most, first] = [0, 0, []];
  server = createServer((request, response) => {
    underWay += 1;
    most = Math.max(most, underWay);
    setImmediate(() => {
      underWay -= 1;
      const early = first.shift();
      if (early) return early(response);
      const { pathname } = new URL(request.url ?? '', 'http://api');
      response.end(JSON.stringify(PAGES[pathname] ?? { status: 'done' }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('reading what is stored', () => {
  it('answers for each account, in their order', async () => {
    const records = await readStored(api, [account(1), account(2)]);

    expect(records).toEqual(
      ['user1', 'user2'].map((owner) => ({
        owner,
        tasks: [
          {
            ...{ id: 'a', createdAt: '2026-11-24T10:00:00.000Z', completedAt: null },
            ...{ description: null, remindAt: null, version: 1 },
          },
        ],
        feed: [{ kind: 'task_created', taskId: 'a', at: '2026-11-24T10:00:02.000Z' }],
        welcomes: 1,
        counted: { '2026-11-24': 1 },
        completed: { '2026-11-24': 0 },
      })),
    );
  });

  it('asks for a few at a time, however many accounts and operations there are', async () => {
    const accounts = Array.from({ length: 40 }, (_, n) => account(n));
    await readStored(api, accounts);
    const creates = accounts.map((_, n) => ({
      ...{ taskId: `t${n}`, told: 'pending' as const },
      operation: `/v1/operations/${n}`,
    }));
    const record: ClientRecord = { owner: 'user1', sequential: true, creates };
    const { creates: settled } = await readOperations(api, account(1), record);

    expect(most).toBeLessThanOrEqual(4);
    expect(new Set(settled.map(({ operation }) => operation))).toEqual(new Set(['done']));
  });

  it.each([503, 504])('asks again where a service was away or late: %d', async (status) => {
    first = [(response) => response.writeHead(status).end()];

    expect(await readStored(api, [account(1)])).toHaveLength(1);
  });

  it('fails with what was answered otherwise', async () => {
    first = [(response) => response.writeHead(500).end('broken')];

    await expect(readStored(api, [account(1)])).rejects.toThrow('answered 500: broken');
  });
});
