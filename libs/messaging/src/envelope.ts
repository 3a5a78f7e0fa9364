import type { Headers } from './driver.js';

/**
 * CloudEvents 1.0 attributes and our extensions, by their names on the wire (lower-case letters and digits, as CloudEvents
 * section 3.1 demands). Binary mode: the body is the JSON payload alone.
 */
export const ATTRIBUTE = {
  specversion: 'specversion',
  id: 'id',
  type: 'type',
  source: 'source',
  time: 'time',
  datacontenttype: 'datacontenttype',
  partitionkey: 'partitionkey',
  sequence: 'sequence',
  actor: 'actor',
  roles: 'roles',
  session: 'session',
  firstsent: 'firstsent',
  deadline: 'deadline',
  requesthash: 'requesthash',
  replyto: 'replyto',
  correlationid: 'correlationid',
  /** Replies only: the ending, or `conflict` or `too-old`. */
  status: 'status',
  /** Replies only: the ending was stored before this attempt. */
  repeated: 'repeated',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const;

/** Longest id, type and key, in characters: stores index them. Longer ones are not sent, and undecodable where received. */
export const LONGEST_NAME = 255;

/** Who acts, from the verified token; the token itself never crosses the bus. */
export interface Identity {
  readonly actor: string | null;
  readonly roles: readonly string[];
  readonly session: string | null;
}

export const SYSTEM: Identity = { actor: null, roles: [], session: null };

export type { Headers };
