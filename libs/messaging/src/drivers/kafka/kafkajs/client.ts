import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory, Kafka, RetryOptions } from 'kafkajs';
import { CONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS, type Settings } from '../settings.js';
import { type Gate, gated } from './gate.js';
import { kafkajs } from './package.js';
import { mendRequestQueue } from './request-queue.js';

/** kafkajs hears of `error` and `end` only: a socket that is destroyed without an error leaves its requests waiting. */
const CUT = 'the client was cut off';

/** The sockets of one client: whether one is open, and a way to cut them all. */
export class Sockets {
  readonly #open = new Set<Socket>();
  #isCut = false;

  constructor(
    private readonly connected: () => void = () => undefined,
    private readonly gate?: Gate,
  ) {}

  get isConnected(): boolean {
    return this.#open.size > 0;
  }

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    if (this.gate) gated(socket, this.gate);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.once(ssl ? 'secureConnect' : 'connect', () => {
      this.#open.add(socket);
      this.connected();
    });
    socket.once('close', () => this.#open.delete(socket));
    socket.on('error', () => undefined);
    if (this.#isCut) socket.destroy(new Error(CUT));
    return socket;
  };

  /** Without any address a client that is cut off gives up, instead of repeating what it was doing. */
  brokers(addresses: readonly string[]): string[] {
    return this.#isCut ? [] : [...addresses];
  }

  /** Without a word, as a dying process does; no new one is made. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy(new Error(CUT));
  }
}

/** `retry` is for every step: kafkajs takes a step that has used up its repeats as final for the whole. */
export function openKafka(settings: Settings, sockets: Sockets, retry: RetryOptions): Kafka {
  const { Kafka, logLevel } = kafkajs();
  mendRequestQueue();
  const { brokers, clientId, tls, sasl } = settings;
  return new Kafka({
    clientId,
    brokers: () => sockets.brokers(brokers),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry,
    socketFactory: sockets.factory,
    // What goes wrong comes back from the calls and the events.
    logLevel: logLevel.NOTHING,
    ...(tls && { ssl: tls }),
    ...(sasl && { sasl: saslOf(sasl) }),
  });
}

type Sasl = NonNullable<Settings['sasl']>;

function saslOf({ mechanism, username, password }: Sasl) {
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain' as const, username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256' as const, username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512' as const, username, password };
  }
}
