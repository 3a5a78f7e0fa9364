import type { Headers, IncomingMessage, OutgoingMessage } from '../../driver.js';
import { ATTRIBUTE } from '../../envelope.js';

/** Of the CloudEvents binding for Kafka, binary mode. */
const PREFIX = 'ce_';
const CONTENT_TYPE = 'content-type';
/** W3C trace context travels under its own names, where instrumentations look for it. */
const PLAIN: ReadonlySet<string> = new Set([ATTRIBUTE.traceparent, ATTRIBUTE.tracestate]);

export type RecordHeaders = Record<string, Buffer>;

/** A record as read, whatever client read it. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Iterable<readonly [name: string, value: Buffer | null]>;
}

export function encodeHeaders(headers: Headers): RecordHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [encodeName(name), Buffer.from(value)]),
  );
}

export function decodeHeaders(raw: KafkaRecord['headers']): Headers {
  const headers: Record<string, string> = {};
  for (const [header, value] of raw) {
    const name = decodeName(header);
    if (name !== undefined && value) headers[name] = value.toString();
  }
  return headers;
}

/** `topic` is the name without the deployment's prefix. */
export function decodeRecord(topic: string, record: KafkaRecord): IncomingMessage {
  const { partition, offset, key, value } = record;
  return {
    topic,
    partition,
    key: key?.toString() ?? '',
    headers: decodeHeaders(record.headers),
    body: value ?? Buffer.alloc(0),
    position: String(offset),
  };
}

/** What a message takes of a record batch, at most. */
export function bytesOf({ key, headers, body }: OutgoingMessage): number {
  let bytes = FRAME_BYTES + body.length + Buffer.byteLength(key);
  for (const [name, value] of Object.entries(headers)) {
    bytes += HEADER_FRAME_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}

/** Lengths and deltas, variable-length integers of at most 10 bytes, and once the head of the record batch (61 bytes). */
const FRAME_BYTES = 104;
const HEADER_FRAME_BYTES = PREFIX.length + 10;

function encodeName(name: string): string {
  if (name === ATTRIBUTE.datacontenttype) return CONTENT_TYPE;
  return PLAIN.has(name) ? name : PREFIX + name;
}

function decodeName(header: string): string | undefined {
  if (header === CONTENT_TYPE) return ATTRIBUTE.datacontenttype;
  if (PLAIN.has(header)) return header;
  return header.startsWith(PREFIX) ? header.slice(PREFIX.length) : undefined;
}
