export interface RabbitmqDriverOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps:`. */
  readonly url: string;
  /** Before the name of every exchange and queue, so that deployments can share a broker. Default none. */
  readonly prefix?: string;
  /** A connection that was silent for about three times this long counts as dead, on both sides. Default 5. */
  readonly heartbeatSeconds?: number;
  /** Larger bodies are refused for good. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** For an operator's eyes: what works less well than it should, and what to do. */
  readonly onWarning?: (text: string) => void;
}

export type Settings = Required<RabbitmqDriverOptions>;

export const settingsOf = (options: RabbitmqDriverOptions): Settings => ({
  prefix: '',
  heartbeatSeconds: 5,
  maxMessageBytes: 1024 ** 2,
  onWarning: () => undefined,
  ...options,
});
