import { isIP } from 'node:net';
import type { Base, BaseOptions } from '@platformatic/kafka';
import { CONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS, type Settings } from '../settings.js';

const RETRY_MS = 100;

/** For every client. Without repeats of its own unless the caller asks: who repeats must know why it failed. */
export function baseOptions(settings: Settings, retries: boolean): BaseOptions {
  const { brokers, clientId, tls, sasl } = settings;
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retries,
    retryDelay: () => RETRY_MS * (1 + 2 * Math.random()),
    autocreateTopics: false,
    // Without a name in the handshake, a proxy before several clusters can't tell which one is meant.
    ...(tls && { tls, tlsServerName: tls.servername ?? brokers.some(isName) }),
    ...(sasl && { sasl: { ...sasl } }),
  };
}

/** Of a broker `host:port`: an address must not be given as a server's name. */
const isName = (broker: string): boolean => isIP(broker.replace(/^\[|\]?:\d+$/g, '')) === 0;

/** An `error` that nobody hears ends the process; what went wrong comes back from the calls. */
export function watched<C extends Base>(client: C): C {
  client.on('error', () => undefined);
  client.connections.on(
    'connecting',
    ({ connection }: { connection: { on(event: 'error', l: () => void): void } }) => {
      connection.on('error', () => undefined);
    },
  );
  return client;
}

/**
 * Whether one of a client's connections takes requests. Its own `isConnected` says no while any is being opened, or proves
 * again who it is.
 */
export function hasConnection(client: Base): boolean {
  return [...client.connections].some(
    ([, { status }]) => status === 'connected' || status === 'reauthenticating',
  );
}

/** Cuts a client's connections without a word, as a dying process does. */
export function cut(client: Base): void {
  for (const [, connection] of client.connections) connection.socket?.destroy();
  closeQuietly(client).catch(() => undefined);
}

export async function closeQuietly(client: Base): Promise<void> {
  try {
    await client.close();
  } catch {
    // Its connections are closed all the same.
  }
}

/** The error code that the broker answered for something, anywhere in what the client made of it. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  if (!(error instanceof Error)) return false;
  const { apiId } = error as { apiId?: unknown };
  if (typeof apiId === 'string' && codes.includes(apiId)) return true;
  if (error instanceof AggregateError && error.errors.some((inner) => hasCode(inner, ...codes))) return true;
  return hasCode(error.cause, ...codes);
}
