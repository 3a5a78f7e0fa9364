import { expect } from '@jest/globals';
import { onCommand, type RequestResult, SendError } from '../../src/index.js';
import type { BusCases } from './suite.js';
import type { Word } from './words.js';
import { type Instance, word, type World } from './world.js';

const CLIENTS = 8;
/** Answers that each client gets before the next instance is replaced. */
const BETWEEN = 5;
/** How often a client asks for one answer, before that is an error: once for each requester that may go meanwhile. */
const MOST_ATTEMPTS = 5;

export const rollingCases: BusCases = {
  'answers each request with its own reply while responders and requesters are replaced one by one, mid-request':
    async (world) => {
      const { Say, commands } = world.words;
      let held:
        | { readonly speakers: ReadonlySet<string>; readonly released: Promise<void>; runs: number }
        | undefined;
      const echo = onCommand(Say, async ({ payload }) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (held?.speakers.has(payload.speaker)) {
          held.runs += 1;
          await held.released;
        }
        return payload;
      });
      const responder = async () => {
        const instance = await world.start();
        await instance.bus.serve(commands, [echo], instance.store);
        return instance;
      };
      const responders = [await responder(), await responder()];
      const requesters = [await world.start(), await world.start()];
      const clients = Array.from({ length: CLIENTS }, (_, n) => new Client(world, n, requesters));

      await answersCome(world, clients);
      for (const old of responders) {
        await responder();
        await answersCome(world, clients);
        await old.close(5_000);
        await answersCome(world, clients);
      }
      for (const [n, old] of [...requesters].entries()) {
        const next = await world.start();
        const { promise: released, resolve: release } = Promise.withResolvers<void>();
        const its = clients.filter(({ requester }) => requester === old);
        held = { speakers: new Set(its.map(({ speaker }) => speaker)), released, runs: 0 };
        await world.until('a request under way', () => (held?.runs ?? 0) > 0);
        requesters[n] = next;
        const before = interruptions(clients);
        await old.close(5_000);
        release();
        held = undefined;
        await answersCome(world, clients);
        expect(interruptions(clients)).toBeGreaterThan(before);
      }
      await Promise.all(clients.map((client) => client.stop()));

      expect(clients.flatMap(({ strange }) => strange)).toEqual([]);
    },
};

/** Sends one request after the other, by one of the requesters that there are at the time, and again when that one went. */
class Client {
  /** What it was told that is not its reply. */
  readonly strange: unknown[] = [];
  answers = 0;
  /** Attempts that ended without the answer, because the requester went. */
  interrupted = 0;
  #stopped = false;
  readonly #run: Promise<void>;

  constructor(
    private readonly world: World,
    private readonly n: number,
    private readonly requesters: readonly Instance[],
  ) {
    this.#run = this.#askOnAndOn();
  }

  get speaker(): string {
    return `speaker ${this.n}`;
  }

  /** By whom it asks from now on. */
  get requester(): Instance | undefined {
    return this.requesters[this.n % this.requesters.length];
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#run;
  }

  async #askOnAndOn(): Promise<void> {
    while (!this.#stopped) {
      const said = word(this.speaker, `${this.n}: ${this.answers}`);
      const result = await this.#ask(said);
      this.answers += 1;
      if (result?.status !== 'done' || result.reply.text !== said.text) this.strange.push({ said, result });
    }
  }

  /** The same request, under one id, until its end is known. */
  async #ask(said: Word): Promise<RequestResult<Word> | undefined> {
    const options = this.world.options();
    let result: RequestResult<Word> | undefined;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      result = await this.requester?.bus
        .request(this.world.words.Say, said, options)
        .catch((error: unknown) => {
          if (error instanceof SendError) return undefined;
          throw error;
        });
      if (result && result.status !== 'pending' && result.status !== 'unknown') return result;
      this.interrupted += 1;
    }
    return result;
  }
}

const interruptions = (clients: readonly Client[]): number =>
  clients.reduce((sum, { interrupted }) => sum + interrupted, 0);

async function answersCome(world: World, clients: readonly Client[]): Promise<void> {
  const before = clients.map(({ answers }) => answers);
  await world.until('answers to every client', () =>
    clients.every(({ answers }, n) => answers >= (before[n] ?? 0) + BETWEEN),
  );
}
