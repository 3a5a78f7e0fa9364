import type { ConnectionOptions } from 'node:tls';
import { randomUUID } from 'node:crypto';

/** Which client sends and reads groups. */
export type KafkaClientName = 'platformatic' | 'kafkajs';

export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaDriverOptions {
  /** Where to ask for the cluster first: `host:port`, one or several. */
  readonly brokers: readonly string[];
  /**
   * `platformatic` (default) or `kafkajs`, for sending and for groups. Topics, offsets, broadcasts and replies go by
   * @platformatic/kafka in both: kafkajs reads nothing without a group.
   */
  readonly client?: KafkaClientName;
  /** Before the name of every topic and group, so that deployments can share a cluster. Default none. */
  readonly prefix?: string;
  /**
   * How clients name themselves to the brokers, followed by the driver's id. The same in all processes that declare a group:
   * `check` warns of members with another one. Default `taskwire`.
   */
  readonly clientId?: string;
  /** `true`, or options of `node:tls`. Default: no TLS. */
  readonly tls?: true | ConnectionOptions;
  /** Default: no authentication. */
  readonly sasl?: KafkaSasl;
  /** Larger bodies are refused for good. New topics take messages of this size and their headers. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Copies of each new topic. Default: what the brokers have as `default.replication.factor`. */
  readonly replicationFactor?: number;
  /**
   * Copies that must have a message before it is confirmed: new topics are made so, and `check` refuses those that ask for
   * fewer. Default: the brokers' setting, whatever it is.
   */
  readonly minInsyncReplicas?: number;
  /**
   * An instance that was silent for this long counts as dead and its partitions are taken over. Brokers allow 6,000 and
   * more unless `group.min.session.timeout.ms` says otherwise. Default 10,000.
   */
  readonly sessionTimeoutMs?: number;
  /** How long a message may wait in a running request before its outcome is given as unknown. Default 30,000. */
  readonly deliveryTimeoutMs?: number;
  /** For an operator's eyes: what works less well than it should, and what to do. */
  readonly onWarning?: (text: string) => void;
}

export interface Settings {
  readonly brokers: readonly string[];
  readonly client: KafkaClientName;
  readonly prefix: string;
  /** Of all instances; `clientId` is that of this one. */
  readonly clientName: string;
  readonly clientId: string;
  readonly tls: ConnectionOptions | undefined;
  readonly sasl: KafkaSasl | undefined;
  readonly maxMessageBytes: number;
  readonly replicationFactor: number | undefined;
  readonly minInsyncReplicas: number | undefined;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly deliveryTimeoutMs: number;
  readonly onWarning: (text: string) => void;
}

export const CONNECT_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 10_000;
/** Of a rebalance: how long the group waits for a member to finish and join again. */
export const REBALANCE_TIMEOUT_MS = 30_000;
/** What a fetch waits for when there is nothing to read; also the delay until a resumed partition is asked for. */
export const FETCH_WAIT_MS = 100;
export const FETCH_BYTES = 8 * 1024 ** 2;
export const PARTITION_FETCH_BYTES = 1024 ** 2;
/** Keys, headers and framing of a message beside its body. */
export const MESSAGE_OVERHEAD_BYTES = 64 * 1024;

const HEARTBEATS_PER_SESSION = 10;
/** After this part of the session without a heartbeat, the partitions may be somebody else's. */
const TRUSTED_SHARE = 2 / 3;
const DRAIN_SHARE = 0.6;

export const trustedMs = (settings: Settings): number => settings.sessionTimeoutMs * TRUSTED_SHARE;
/** How long what runs may go on when its partition must be given up: no heartbeat is sent meanwhile. */
export const drainMs = (settings: Settings): number => settings.sessionTimeoutMs * DRAIN_SHARE;

export function settingsOf(options: KafkaDriverOptions, id: string = randomUUID()): Settings {
  if (options.brokers.length === 0)
    throw new Error('kafka bus: brokers is empty: give at least one host:port');
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  const clientName = options.clientId ?? 'taskwire';
  return {
    brokers: options.brokers,
    client: options.client ?? 'platformatic',
    prefix: options.prefix ?? '',
    clientName,
    clientId: `${clientName}-${id}`,
    tls: options.tls === true ? {} : options.tls,
    sasl: options.sasl,
    maxMessageBytes: options.maxMessageBytes ?? 1024 ** 2,
    replicationFactor: options.replicationFactor,
    minInsyncReplicas: options.minInsyncReplicas,
    sessionTimeoutMs,
    heartbeatMs: Math.floor(sessionTimeoutMs / HEARTBEATS_PER_SESSION),
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 30_000,
    onWarning: options.onWarning ?? (() => undefined),
  };
}
