import type { EventEmitter } from 'node:events';
import type { Channel, ChannelModel } from 'amqplib';

/** Runs `setUp` on a channel of its own, which is closed when that fails. `onEnd` runs once, whatever ends the channel. */
export async function openChannel<T>(
  model: ChannelModel,
  setUp: (channel: Channel) => Promise<T>,
  onEnd: (channel: Channel) => void = () => undefined,
): Promise<T> {
  const channel = await model.createChannel();
  watched(channel, () => onEnd(channel));
  try {
    return await setUp(channel);
  } catch (error) {
    await closeChannel(channel);
    throw error;
  }
}

/** Runs `work` on a channel that is closed afterwards. */
export async function withChannel<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  return openChannel(model, async (channel) => {
    const result = await work(channel);
    await closeChannel(channel);
    return result;
  });
}

export function watched<C extends Channel>(channel: C, onEnd: () => void): C {
  // An `error` without a listener ends the process; `close` follows each of them.
  channel.on('error', () => undefined);
  channel.once('close', onEnd);
  return channel;
}

export const closeChannel = (channel: Channel): Promise<void> => closed(channel);

/**
 * Closes a channel or connection that may be closed already. amqplib never answers a close during which the connection
 * dies; its event comes in any case.
 */
export async function closed(it: EventEmitter & { close(): Promise<unknown> }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => resolve(undefined);
  it.once('close', end);
  try {
    await Promise.race([it.close(), promise]);
  } catch {
    // Closed before by either side: what a close is for has happened.
  } finally {
    it.off('close', end);
  }
}

/** The result of `work`, or an error when there is none within `ms`. */
export async function orFail<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`rabbitmq bus: ${what} took longer than ${String(ms / 1_000)} s`));
  }, ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
