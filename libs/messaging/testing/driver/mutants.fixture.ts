import type { Deliver, Driver, IncomingMessage } from '../../src/index.js';

/** Faults that a driver may have, each as a change of a correct one. The suite must notice every one. */
export const MUTANTS: Readonly<Record<string, (driver: Driver) => Driver>> = {
  'loses a message': (driver) => onDeliver(driver, (messages) => messages.filter((m) => textOf(m) !== '13')),

  'repeats a message': (driver) =>
    onDeliver(driver, (messages) => messages.flatMap((m) => (textOf(m) === '13' ? [m, m] : [m]))),

  'swaps messages': (driver) =>
    onDeliver(driver, (messages) => (messages.length > 1 ? [...messages].reverse() : messages)),

  'mixes up bytes': (driver) =>
    onDeliver(driver, (messages) =>
      messages.map((m) => ({ ...m, body: Buffer.from(m.body.toString('utf8')) })),
    ),

  'forgets headers': (driver) =>
    onDeliver(driver, (messages) => messages.map((m) => ({ ...m, headers: {} }))),

  'acknowledges what a handler refused': (driver) =>
    changed(driver, {
      subscribe: (group, topics, deliver, options) =>
        driver.subscribe(
          group,
          topics,
          async (messages) => {
            await deliver(messages).catch(() => undefined);
          },
          options,
        ),
    }),

  'acknowledges before the handler has ended': (driver) =>
    changed(driver, {
      subscribe: (group, topics, deliver, options) =>
        driver.subscribe(
          group,
          topics,
          (messages) => {
            void deliver(messages).catch(() => undefined);
            return Promise.resolve();
          },
          options,
        ),
    }),

  'does not pause': (driver) =>
    changed(driver, {
      subscribe: async (...args) => {
        const consumer = await driver.subscribe(...args);
        return changed(consumer, { pause: () => undefined });
      },
    }),

  'confirms what it does not send': (driver) =>
    changed(driver, {
      send: async (messages) => {
        await driver.send(messages.slice(0, -1));
        return messages.map(() => undefined);
      },
    }),

  'takes any group': (driver) =>
    changed(driver, {
      subscribe: (group, topics, deliver, options) =>
        driver.subscribe(group, topics, deliver, options).catch(() => NO_CONSUMER),
    }),

  'shows no lag': (driver) => changed(driver, { lag: () => Promise.resolve([]) }),

  'asks for no resync': (driver) =>
    changed(driver, { broadcast: (topics, receive) => driver.broadcast(topics, receive, () => undefined) }),

  'does not say that replies were lost': (driver) =>
    changed(driver, { onReply: (listener) => driver.onReply(listener, () => undefined) }),

  'truncates replies': (driver) =>
    changed(driver, {
      reply: (address, id, headers, body) => driver.reply(address, id, headers, body.subarray(0, 1_000)),
    }),
};

const NO_CONSUMER = {
  partitions: () => new Map(),
  pause: () => undefined,
  resume: () => undefined,
  close: () => Promise.resolve(),
};

const textOf = (message: IncomingMessage): string => message.body.toString();

const onDeliver = (
  driver: Driver,
  change: (messages: readonly IncomingMessage[]) => readonly IncomingMessage[],
): Driver =>
  changed(driver, {
    subscribe: (group, topics, deliver: Deliver, options) =>
      driver.subscribe(group, topics, (messages) => deliver(change(messages)), options),
  });

/** The same object but for some members; what is private stays with the original. */
function changed<T extends object>(original: T, members: Partial<T>): T {
  return new Proxy(original, {
    get: (target, name) => {
      const value: unknown = name in members ? members[name as keyof T] : target[name as keyof T];
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
