import { expect } from '@jest/globals';
import { onCommand } from '../../src/index.js';
import type { BusCases } from './suite.js';
import { type Instance, word, type World } from './world.js';

const CLIENTS = 8;
/** Answers that each client gets before the next instance is replaced. */
const BETWEEN = 5;

export const rollingCases: BusCases = {
  'answers each request with its own reply while responders and requesters are replaced one by one': async (
    world,
  ) => {
    const { Say, commands } = world.words;
    const echo = onCommand(Say, async ({ payload }) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
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
      requesters[n] = await world.start();
      await world.until('its last answers', () => clients.every((client) => client.asks !== old));
      await old.close(5_000);
      await answersCome(world, clients);
    }
    await Promise.all(clients.map((client) => client.stop()));

    expect(clients.flatMap(({ strange }) => strange)).toEqual([]);
  },
};

/** Sends one request after the other, by one of the requesters that there are at the time. */
class Client {
  /** What it was told that is not its reply. */
  readonly strange: unknown[] = [];
  answers = 0;
  /** Whose answer it waits for. */
  asks: Instance | undefined;
  #stopped = false;
  readonly #run: Promise<void>;

  constructor(
    private readonly world: World,
    private readonly n: number,
    private readonly requesters: readonly Instance[],
  ) {
    this.#run = this.#ask();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#run;
  }

  async #ask(): Promise<void> {
    const { world, n } = this;
    while (!this.#stopped) {
      const said = word(`speaker ${n}`, `${n}: ${this.answers}`);
      this.asks = this.requesters[n % this.requesters.length];
      const result = await this.asks?.bus.request(world.words.Say, said, world.options());
      this.asks = undefined;
      this.answers += 1;
      if (result?.status !== 'done' || result.reply.text !== said.text) this.strange.push({ said, result });
    }
  }
}

async function answersCome(world: World, clients: readonly Client[]): Promise<void> {
  const before = clients.map(({ answers }) => answers);
  await world.until('answers to every client', () =>
    clients.every(({ answers }, n) => answers >= (before[n] ?? 0) + BETWEEN),
  );
}
