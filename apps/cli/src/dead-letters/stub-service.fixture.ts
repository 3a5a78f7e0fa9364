import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DeadLetter, DeadLetterDetail, ReplayedLetters } from '@taskwire/contracts';

export interface Asked {
  readonly method: string | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token: string | undefined;
  readonly body: unknown;
}

/** A service's internal HTTP on a real port, which answers what a spec says. */
export class StubService {
  readonly asked: Asked[] = [];
  readonly #answers: { status: number; body: object }[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'http://stub');
        const text = Buffer.concat(chunks).toString();
        this.asked.push({
          method: request.method,
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          token: request.headers.authorization,
          body: text === '' ? undefined : (JSON.parse(text) as unknown),
        });
        const { status, body } = this.#answers.shift() ?? {
          status: 500,
          body: { title: 'no answer is left' },
        };
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next answer; those before it come first. */
  answer(body: object, status = 200): void {
    this.#answers.push({ status, body });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const AT = '2026-11-24T10:00:00.000Z';

export function letter(overrides: Partial<DeadLetter> = {}): DeadLetter {
  return {
    ...{ seq: '1', subscriber: 'notification.tasks', id: 'a', topic: 'task.events.v1', partition: 3 },
    ...{ key: 'owner', type: 'task.created.v1', state: 'dead', due: null, attempts: 4 },
    ...{ reason: 'TypeError', error: 'no title', traceId: 'f00', ending: null },
    ...{ firstFailedAt: AT, lastFailedAt: AT, parkedAt: AT },
    ...overrides,
  };
}

export function detail(overrides: Partial<DeadLetterDetail> = {}): DeadLetterDetail {
  return {
    ...letter(),
    headers: { type: 'task.created.v1', actor: 'owner' },
    body: { encoding: 'json', value: { title: 'old' } },
    bodyHash: 'hash-of-old',
    lane: {
      ahead: 0,
      behind: 2,
      next: [{ id: 'b', type: 'task.updated.v1', state: 'waiting', parkedAt: AT }],
    },
    actions: [],
    ...overrides,
  };
}

type Step = ReplayedLetters['steps'][number];

export function step(overrides: Partial<Step> = {}): Step {
  const { subscriber, id, topic, key, type, state, ending } = letter();
  const message = { subscriber, id, topic, key, type, state, ending };
  return { ...message, verdict: 'runs', afterMs: 0, waitingBehind: 0, ...overrides };
}

export const action: DeadLetterDetail['actions'][number] = {
  ...{ seq: '9', action: 'edit', subscriber: 'notification.tasks', messageId: 'a', type: 'task.created.v1' },
  ...{ actor: 'operator-id', reason: 'typo', hashBefore: '1'.repeat(64), hashAfter: '2'.repeat(64) },
  ...{ traceId: 'f00', at: AT, original: null },
};
