import { afterAll, beforeAll, describe } from '@jest/globals';
import { hasKafka } from '@taskwire/testing';
import { Broker } from './kafka.fixture.js';
import type { KafkaClientName } from './settings.js';

const PATIENCE_MS = 15_000;

/** Tests for each client, on a part of the broker of their own. */
export async function withKafka(
  what: string,
  drivers: number,
  tests: (broker: () => Broker, client: KafkaClientName) => void,
  clients: readonly KafkaClientName[] = ['platformatic', 'kafkajs'],
): Promise<void> {
  const isThere = hasKafka();
  for (const client of clients) {
    (isThere ? describe : describe.skip)(`${what}, by ${client}`, () => {
      let broker: Broker | undefined;
      beforeAll(async () => {
        broker = await Broker.open(drivers, { client });
      });
      afterAll(async () => {
        await broker?.close();
      });
      tests(() => {
        if (!broker) throw new Error('no broker yet');
        return broker;
      }, client);
    });
  }
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${String(patienceMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
