import { createHash } from 'node:crypto';
import type { ConsumeMessage, Message, Options } from 'amqplib';
import type { Headers, IncomingMessage, OutgoingMessage } from '../../driver.js';
import { ATTRIBUTE } from '../../envelope.js';

/** Of the CloudEvents binding for AMQP 1.0, whose names AMQP 0-9-1 publishers use in headers. */
const PREFIX = 'cloudEvents_';
const KEY = 'taskwire-key';
/** Microseconds since 1970, growing with each message of a publisher: AMQP has no position in a queue. */
const SENT = 'taskwire-sent';
/** W3C trace context travels under its own names, where instrumentations look for it. */
const PLAIN: ReadonlySet<string> = new Set([ATTRIBUTE.traceparent, ATTRIBUTE.tracestate]);

export function encodeHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [PLAIN.has(name) ? name : PREFIX + name, value]),
  );
}

export function decodeHeaders(raw: Readonly<Record<string, unknown>> | undefined): Headers {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw ?? {})) {
    if (typeof value !== 'string') continue;
    if (PLAIN.has(name)) headers[name] = value;
    else if (name.startsWith(PREFIX)) headers[name.slice(PREFIX.length)] = value;
  }
  return headers;
}

export function encodeMessage(message: OutgoingMessage, sent: number): Options.Publish {
  const { key, headers } = message;
  return {
    persistent: true,
    messageId: shortString(headers[ATTRIBUTE.id]),
    contentType: shortString(headers[ATTRIBUTE.datacontenttype]),
    timestamp: Math.floor(sent / 1_000_000),
    headers: {
      ...encodeHeaders(headers),
      ...(key === headers[ATTRIBUTE.partitionkey] ? {} : { [KEY]: key }),
      [SENT]: String(sent),
    },
  };
}

/** A returned message is known again by when it was sent. */
export const sentOf = (message: Message): string | undefined => textOf(message, SENT);

export function decodeMessage(topic: string, partition: number, message: ConsumeMessage): IncomingMessage {
  const headers = decodeHeaders(message.properties.headers);
  return {
    topic,
    partition,
    key: textOf(message, KEY) ?? headers[ATTRIBUTE.partitionkey] ?? '',
    headers,
    body: message.content,
    position: sentOf(message) ?? foreignPosition(message),
  };
}

/** A foreign publisher gives no position; what names a message must be the same at each delivery. */
function foreignPosition({ properties, content }: ConsumeMessage): string {
  const hash = createHash('sha256').update(JSON.stringify(properties)).update(content);
  return `sha256-${hash.digest('hex').slice(0, 32)}`;
}

function textOf(message: Message, header: string): string | undefined {
  const value: unknown = message.properties.headers?.[header];
  return typeof value === 'string' ? value : undefined;
}

const MOST_SHORT_STRING_BYTES = 255;

const shortString = (text: string | undefined): string | undefined =>
  text !== undefined && Buffer.byteLength(text) <= MOST_SHORT_STRING_BYTES ? text : undefined;
