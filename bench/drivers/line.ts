/** A way from a sender to a receiver over a broker: by a driver of Taskwire, or by a client alone. */
export interface Line {
  /** Sends all of them; resolves when the broker has confirmed them. One call at a time. */
  send(messages: readonly Parcel[]): Promise<void>;
}

export interface Parcel {
  readonly partition: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Opens a line on a topic of its own, 8 partitions; `receive` gets what arrives, in batches as they come. */
export type OpenLine = (name: string, receive: (bodies: readonly Buffer[]) => void) => Promise<Line>;

export const PARTITIONS = 8;
