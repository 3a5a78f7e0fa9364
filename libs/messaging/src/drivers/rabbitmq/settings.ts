import type { ConnectionOptions } from 'node:tls';

export interface RabbitmqDriverOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps:`. */
  readonly url: string;
  /** Options of `node:tls` for an `amqps:` URL, for example `ca`. Default: Node's. */
  readonly tls?: ConnectionOptions;
  /**
   * Where the HTTP API of the management plugin is, which `groups`, `forgetGroup` and `plan` ask, and `declare` where queues of
   * version 3 are found on version 4; with the credentials of `url`.
   * Default: on the host of `url`, 10,000 above its port, with TLS if that has it.
   */
  readonly managementUrl?: string;
  /** Before the name of every exchange and queue, so that deployments can share a broker. Default none. */
  readonly prefix?: string;
  /**
   * A connection that was silent for two to three times this long counts as dead, on both sides. An instance that did not
   * hear from the broker for this long starts no work. Default: `heartbeat` of the URL, else 5; at least 1.
   */
  readonly heartbeatSeconds?: number;
  /** Larger bodies are refused for good. Keep it below the broker's `max_message_size`. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** For an operator's eyes: what works less well than it should, and what to do. */
  readonly onWarning?: (text: string) => void;
}

export type Settings = Required<Omit<RabbitmqDriverOptions, 'managementUrl'>> &
  Pick<RabbitmqDriverOptions, 'managementUrl'>;

const DEFAULT_HEARTBEAT_SECONDS = 5;

export function settingsOf(options: RabbitmqDriverOptions): Settings {
  return {
    ...{ tls: {}, prefix: '', maxMessageBytes: 1024 ** 2, onWarning: () => undefined },
    ...options,
    heartbeatSeconds: Math.max(1, options.heartbeatSeconds ?? heartbeatOf(options.url)),
  };
}

function heartbeatOf(url: string): number {
  const seconds = Number(new URL(url).searchParams.get('heartbeat') ?? DEFAULT_HEARTBEAT_SECONDS);
  return Number.isInteger(seconds) && seconds > 0 ? seconds : DEFAULT_HEARTBEAT_SECONDS;
}
