import type { Deliver, Driver, IncomingMessage } from '../../src/index.js';

interface Mutant {
  /** The case that is there for this fault, among others that may notice it. */
  readonly caughtBy: string;
  readonly change: (driver: Driver) => Driver;
}

/** Faults that a driver may have, each as a change of a correct one. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'loses a message': {
    caughtBy: 'gives every group all messages',
    change: (driver) => onDeliver(driver, (messages) => messages.filter((m) => textOf(m) !== '13')),
  },

  'repeats a message': {
    caughtBy: 'gives every group all messages',
    change: (driver) =>
      onDeliver(driver, (messages) => messages.flatMap((m) => (textOf(m) === '13' ? [m, m] : [m]))),
  },

  'swaps messages': {
    caughtBy: 'keeps the order of a key over many sends that overlap',
    change: (driver) =>
      onDeliver(driver, (messages) => (messages.length > 1 ? [...messages].reverse() : messages)),
  },

  'mixes up bytes': {
    caughtBy: 'delivers key, partition, headers and bytes as they were sent',
    change: (driver) =>
      onDeliver(driver, (messages) =>
        messages.map((m) => ({ ...m, body: Buffer.from(m.body.toString('utf8')) })),
      ),
  },

  'forgets headers': {
    caughtBy: 'delivers key, partition, headers and bytes as they were sent',
    change: (driver) => onDeliver(driver, (messages) => messages.map((m) => ({ ...m, headers: {} }))),
  },

  'acknowledges what a handler refused': {
    caughtBy: 'delivers again, in order and without a gap, what a handler refused',
    change: (driver) =>
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
  },

  'acknowledges before the handler has ended': {
    caughtBy: 'respects batch size and concurrency, and never runs a partition twice at once',
    change: (driver) =>
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
  },

  'does not pause': {
    caughtBy: 'starts nothing while paused, and goes on where it stood',
    change: (driver) =>
      changed(driver, {
        subscribe: async (...args) => {
          const consumer = await driver.subscribe(...args);
          return changed(consumer, { pause: () => undefined });
        },
      }),
  },

  'confirms what it does not send': {
    caughtBy: 'gives every group all messages',
    change: (driver) =>
      changed(driver, {
        send: async (messages) => {
          await driver.send(messages.slice(0, -1));
          return messages.map(() => undefined);
        },
      }),
  },

  'takes any group': {
    caughtBy: 'refuses a group that was not declared, by its name',
    change: (driver) =>
      changed(driver, {
        subscribe: (group, topics, deliver, options) =>
          driver.subscribe(group, topics, deliver, options).catch(() => NO_CONSUMER),
      }),
  },

  'takes all that waits into memory': {
    caughtBy: 'holds its partitions while a handler is stuck for longer than a session, and shows its lag',
    change: (driver) =>
      changed(driver, {
        subscribe: (group, topics, deliver, options) => {
          let last = Promise.resolve();
          const take = (messages: readonly IncomingMessage[]) => {
            const copies = messages.map((m) => ({ ...m, body: Buffer.from(m.body) }));
            last = last.then(() => deliver(copies));
            return Promise.resolve();
          };
          return driver.subscribe(group, topics, take, options);
        },
      }),
  },

  'shows no lag': {
    caughtBy: 'shows how far a group is behind',
    change: (driver) => changed(driver, { lag: () => Promise.resolve([]) }),
  },

  'forgets a group that is read': {
    caughtBy: 'forgets a group once no instance reads it, which then starts anew',
    change: (driver) => changed(driver, { forgetGroup: () => Promise.resolve() }),
  },

  'lists only what it declared itself': {
    caughtBy:
      'lists groups that others declared, with what they have not read and how many instances read them',
    change: (driver) => changed(driver, { groups: () => Promise.resolve([]) }),
  },

  'asks for no resync': {
    caughtBy: 'asks for a resync at the start of a broadcast and after each reconnect, then goes on',
    change: (driver) =>
      changed(driver, { broadcast: (topics, receive) => driver.broadcast(topics, receive, () => undefined) }),
  },

  'does not say that replies were lost': {
    caughtBy: 'says when replies may have been lost, and brings the next ones',
    change: (driver) => changed(driver, { onReply: (listener) => driver.onReply(listener, () => undefined) }),
  },

  'truncates replies': {
    caughtBy: 'brings replies, small and large, with headers and bytes as they were sent',
    change: (driver) =>
      changed(driver, {
        reply: (address, id, headers, body) => driver.reply(address, id, headers, body.subarray(0, 1_000)),
      }),
  },
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
