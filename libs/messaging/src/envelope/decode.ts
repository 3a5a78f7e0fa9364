import type { MessageContract } from '../contract/message.js';
import { DEFAULT_PARTITIONS } from '../contract/topology.js';
import type { Headers } from '../driver.js';
import { ATTRIBUTE, LONGEST_NAME } from '../envelope.js';
import { partitionOf } from '../partition.js';
import type { Delivery, MessageFault, ReceivedMessage } from '../store.js';
import { ContractError, fit } from './contract-error.js';
import { bindContext, contextFrom } from './origin.js';

/** What decoding needs to know of who receives. */
export interface Receiver {
  readonly contractOf: (type: string) => MessageContract | undefined;
  readonly carriesCommands: (topic: string) => boolean;
  readonly ordered: boolean;
}

/** Where the broker had the message; unknown for one that was parked, then derived from its contract and key. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly position: string;
  readonly key: string;
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/;

/** Reads a message from the wire. Never throws: what is wrong with it becomes `fault`, the rest is filled as well as possible. */
export function decode(headers: Headers, body: Buffer, receiver: Receiver, place?: Place): Delivery {
  const contract = receiver.contractOf(headers[ATTRIBUTE.type] ?? '');
  const key = (headers[ATTRIBUTE.partitionkey] ?? place?.key ?? '').slice(0, LONGEST_NAME);
  const topic = place?.topic ?? contract?.topic ?? '';
  const partition = place?.partition ?? partitionOf(key, DEFAULT_PARTITIONS);
  const kind = contract?.kind ?? (receiver.carriesCommands(topic) ? 'command' : 'event');
  const { payload, fault } = read(headers, body, contract);
  const message: ReceivedMessage = {
    id: usableId(headers[ATTRIBUTE.id]) ?? `${topic}/${partition}/${place?.position ?? '-'}`,
    kind,
    type: (headers[ATTRIBUTE.type] ?? '').slice(0, LONGEST_NAME),
    topic,
    partition,
    key: receiver.ordered ? key : null,
    payload,
    actor: headers[ATTRIBUTE.actor] ?? null,
    roles: headers[ATTRIBUTE.roles]?.split(',') ?? [],
    session: headers[ATTRIBUTE.session] ?? null,
    firstSentAt: dateOf(headers[ATTRIBUTE.firstsent]) ?? dateOf(headers[ATTRIBUTE.time]) ?? new Date(),
    deadline: kind === 'command' ? dateOf(headers[ATTRIBUTE.deadline]) : null,
    requestHash: headers[ATTRIBUTE.requesthash] ?? null,
    sequence: headers[ATTRIBUTE.sequence] ?? null,
  };
  bindContext(message, contextFrom(headers));
  const traceId = TRACEPARENT.exec(headers[ATTRIBUTE.traceparent] ?? '')?.[1] ?? null;
  return { message, fault, headers, body, traceId };
}

function read(
  headers: Headers,
  body: Buffer,
  contract: MessageContract | undefined,
): { payload: unknown; fault: MessageFault | null } {
  const wrong = wrongAttribute(headers);
  if (wrong !== null) return { payload: null, fault: { code: 'undecodable', detail: wrong } };
  if (!contract)
    return { payload: null, fault: { code: 'unknown_type', detail: 'no handler for this type' } };
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return { payload: null, fault: { code: 'undecodable', detail: 'the body is not JSON' } };
  }
  try {
    return { payload: fit(contract.type, contract.payload, json), fault: null };
  } catch (error) {
    const detail = error instanceof ContractError ? error.mismatches : 'the contract could not be checked';
    return { payload: null, fault: { code: 'contract_mismatch', detail } };
  }
}

/** What of the CloudEvents attributes cannot be read, or null. */
function wrongAttribute(headers: Headers): string | null {
  if (headers[ATTRIBUTE.specversion] !== '1.0') return 'specversion is not 1.0';
  if (!headers[ATTRIBUTE.id]) return 'id is missing';
  if (!headers[ATTRIBUTE.type]) return 'type is missing';
  for (const name of [ATTRIBUTE.id, ATTRIBUTE.type, ATTRIBUTE.partitionkey]) {
    if ((headers[name]?.length ?? 0) > LONGEST_NAME)
      return `${name} is longer than ${LONGEST_NAME} characters`;
  }
  for (const name of [ATTRIBUTE.time, ATTRIBUTE.firstsent, ATTRIBUTE.deadline]) {
    if (headers[name] !== undefined && dateOf(headers[name]) === null) return `${name} is not a time`;
  }
  return null;
}

/** The text where it can be an id: not empty, and short enough for an index. */
function usableId(text: string | undefined): string | undefined {
  return text !== undefined && text !== '' && text.length <= LONGEST_NAME ? text : undefined;
}

function dateOf(text: string | undefined): Date | null {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}
