import { describe } from '@jest/globals';
import { hasRabbitmq } from '@taskwire/testing';
import type { OutgoingMessage, SendError } from '../../driver.js';
import type { RabbitmqDriver } from './rabbitmq-driver.js';

export const describeRabbitmq: (name: string, specs: () => void) => void = hasRabbitmq()
  ? describe
  : describe.skip;

export function message(topic: string, text: string, partition = 0, headers = {}): OutgoingMessage {
  return { topic, partition, key: 'key', headers, body: Buffer.from(text) };
}

export async function sendTexts(
  driver: RabbitmqDriver,
  topic: string,
  texts: readonly string[],
  partition = 0,
) {
  const [refused] = (await driver.send(texts.map((text) => message(topic, text, partition)))).filter(isError);
  if (refused) throw refused;
}

export const upTo = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i));

export const isError = (result: SendError | undefined): result is SendError => result !== undefined;
