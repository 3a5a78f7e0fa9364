import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TaskFact, WebhookEvent } from '@taskwire/contracts';
import type { Account, Finding, StoredRecord } from '@taskwire/testing';
import { settle } from './commands.ts';

const EVENTS: readonly WebhookEvent[] = ['task.created.v1', 'task.updated.v1', 'task.completed.v1'];

/** What webhooks send to the accounts of a round. */
export interface Receiver {
  /** Gives the account a webhook, which has to be there before its first task. */
  subscribe(api: string, account: Account): Promise<void>;
  /**
   * Each change of a stored task has to come, under one id; under that it may come again, and in any order, as receivers
   * are told.
   */
  check(stored: readonly StoredRecord[]): Finding[];
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  /** Ids of deliveries, by owner, then by the version of the task that they tell of. */
  const received = new Map<string, Map<string, Set<string>>>();
  const server = createServer((request, response) => {
    const take = async () => {
      const { data } = (await json(request)) as { data: { task: TaskFact } };
      const versions = received.get(request.url ?? '');
      const version = versionOf(data.task.title, data.task.version);
      versions?.set(version, (versions.get(version) ?? new Set()).add(String(request.headers['webhook-id'])));
      response.writeHead(204).end();
    };
    take().catch(() => response.writeHead(400).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    subscribe: async (api, account) => {
      received.set(`/${account.userId}`, new Map());
      const body = { url: `http://127.0.0.1:${port}/${account.userId}`, events: EVENTS };
      const { told, answer } = await settle(api, account, {
        ...{ method: 'POST', path: '/v1/webhooks', body },
        ...{ key: randomUUID(), respondAsync: false },
      });
      if (told !== 'acknowledged') throw new Error(`no webhook for ${account.userId}: ${answer}`);
    },
    check: (stored) =>
      stored.flatMap(({ owner, tasks }) => {
        const versions = received.get(`/${owner}`);
        if (!versions) return [];
        const expected = tasks.flatMap(({ id, version }) =>
          Array.from({ length: version }, (_, n) => versionOf(id, n + 1)),
        );
        return expected.flatMap((detail): Finding[] => {
          const ids = versions.get(detail)?.size ?? 0;
          if (ids === 1) return [];
          return [{ owner, where: 'webhooks', kind: ids === 0 ? 'lost' : 'doubled', detail }];
        });
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const versionOf = (title: string, version: number): string => `${title}, version ${version}`;
