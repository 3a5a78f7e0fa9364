import type { Headers, IncomingMessage } from '../../driver.js';

/** A row as the fetch statement returns it. */
export interface MessageRow {
  readonly i: number;
  readonly seq: number;
  readonly key: string;
  readonly headers: string;
  readonly body: Buffer;
}

export const encodeHeaders = (headers: Headers): string => JSON.stringify(headers);

/** What can't be read becomes no headers at all, which the receiver parks as undecodable. */
export function decodeHeaders(text: string): Headers {
  try {
    return (JSON.parse(text) as Headers | null) ?? {};
  } catch {
    return {};
  }
}

export function decodeMessage(topic: string, partition: number, row: MessageRow): IncomingMessage {
  const { key, body } = row;
  return { topic, partition, key, headers: decodeHeaders(row.headers), body, position: String(row.seq) };
}

/** Many byte strings as one binary parameter with 1-based offsets: an array of bytea would travel as hex. */
export function pack(bodies: readonly Buffer[]): [bytes: Buffer, offsets: number[], lengths: number[]] {
  const offsets: number[] = [];
  let at = 1;
  for (const body of bodies) {
    offsets.push(at);
    at += body.length;
  }
  return [Buffer.concat(bodies), offsets, bodies.map((body) => body.length)];
}
