import { ATTRIBUTE } from '@taskwire/messaging';
import type { JsonSchema } from '../json-schema.js';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const instant = (description: string): JsonSchema => ({ ...text(description), format: 'date-time' });

const ALWAYS = {
  [ATTRIBUTE.specversion]: { const: '1.0', type: 'string', description: 'The version of CloudEvents' },
  [ATTRIBUTE.id]: text('Of this message; the same when it is delivered again'),
  [ATTRIBUTE.type]: text('The name of the message'),
  [ATTRIBUTE.source]: text('Who sent it'),
  [ATTRIBUTE.datacontenttype]: { const: 'application/json', type: 'string' },
};
const TRACE = {
  [ATTRIBUTE.traceparent]: text('W3C trace context'),
  [ATTRIBUTE.tracestate]: text('W3C trace context'),
};
const SENT = {
  [ATTRIBUTE.time]: instant('When it was sent'),
  [ATTRIBUTE.partitionkey]: text('Messages with the same key arrive in order'),
  [ATTRIBUTE.firstsent]: instant('When it was sent for the first time'),
};
const WHO = {
  [ATTRIBUTE.actor]: text('The user who acts; absent for the system itself'),
  [ATTRIBUTE.roles]: text("The actor's roles, with commas between them"),
  [ATTRIBUTE.session]: text("The actor's session"),
};
const SEQUENCE = { [ATTRIBUTE.sequence]: text('A number that grows with each event of a key') };
const DEADLINE = { [ATTRIBUTE.deadline]: instant('After it the command ends as expired, and never runs') };
const REQUEST = {
  [ATTRIBUTE.requesthash]: text('A repeat with the same id and another hash is refused'),
  [ATTRIBUTE.replyto]: text('Where the reply goes; absent when nobody waits'),
  [ATTRIBUTE.correlationid]: text('Of one attempt: its reply carries the same'),
};
const OTHER_ENDINGS = ['failed', 'expired', 'cancelled', 'conflict', 'too-old'];
const REPEATED = { [ATTRIBUTE.repeated]: text('`true`: the command had ended before this attempt') };

/** Names of headers as CloudEvents has them; each protocol's binding says how they are spelled on its wire. */
export const headerSchemas: Readonly<Record<string, JsonSchema>> = {
  'headers.event': headers({ ...ALWAYS, ...SENT }, { ...WHO, ...SEQUENCE, ...TRACE }),
  'headers.command': headers({ ...ALWAYS, ...SENT, ...DEADLINE }, { ...WHO, ...REQUEST, ...TRACE }),
  'headers.done': replyHeaders(['done']),
  'headers.rejected': replyHeaders(['rejected']),
  'headers.ended': replyHeaders(OTHER_ENDINGS),
};

export const HEADER_SPELLING = {
  Kafka: 'ce_<name>; the content type in content-type',
  'AMQP 0-9-1': 'cloudEvents_<name>; the content type also as a property',
  both: 'traceparent and tracestate without a prefix',
} as const;

function replyHeaders(endings: readonly string[]): JsonSchema {
  const status = { type: 'string', enum: endings, description: 'How the command ended' };
  return headers({ ...ALWAYS, [ATTRIBUTE.status]: status }, { ...REPEATED, ...TRACE });
}

function headers(required: Record<string, JsonSchema>, optional: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required) };
}
