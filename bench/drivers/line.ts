/** A way from a sender to a receiver over a broker: by a driver of Taskwire, or by a client alone. */
export interface Line {
  /** Sends all of them; resolves when the broker has confirmed them. One call at a time. */
  send(messages: readonly Parcel[]): Promise<void>;
}

/** What is sent, as JSON of about 300 bytes. */
export interface Content {
  readonly owner: string;
  /** `performance.now()` when it was made. */
  readonly at: number;
  readonly text: string;
}

export interface Parcel {
  readonly partition: number;
  /** The owner. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Content;
}

/** Opens a line on a topic of its own, 8 partitions; `receive` gets what arrives, in batches as they come. */
export type OpenLine = (name: string, receive: (contents: readonly Content[]) => void) => Promise<Line>;

export const PARTITIONS = 8;

export const encode = (content: Content): Buffer => Buffer.from(JSON.stringify(content));

export const decode = (body: Buffer | null): Content => JSON.parse((body ?? '').toString()) as Content;
