import { propagation } from '@opentelemetry/api';
import type { RequestResult } from '../bus.types.js';
import type { CommandContract, ReplyOf } from '../contract/message.js';
import type { Headers } from '../driver.js';
import { ATTRIBUTE } from '../envelope.js';
import type { Outcome, Problem, ReceivedMessage } from '../store.js';
import { fit } from './contract-error.js';
import { contextOf } from './origin.js';
import { uuidv7 } from './uuid.js';

type Settled = Extract<Outcome, { kind: 'ended' | 'conflict' | 'too-old' }>;

export interface EncodedReply {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** The reply to a command that was settled, as it goes on the wire: the status in a header, reply or problem as the body. */
export function encodeReply(command: ReceivedMessage, outcome: Settled): EncodedReply {
  const ended = outcome.kind === 'ended' ? outcome : null;
  const headers: Record<string, string> = {
    [ATTRIBUTE.specversion]: '1.0',
    [ATTRIBUTE.id]: uuidv7(),
    [ATTRIBUTE.type]: `${command.type}.reply`,
    [ATTRIBUTE.source]: `/${command.topic}`,
    [ATTRIBUTE.datacontenttype]: 'application/json',
    [ATTRIBUTE.status]: ended?.ending ?? outcome.kind,
    ...(ended?.repeated && { [ATTRIBUTE.repeated]: 'true' }),
  };
  propagation.inject(contextOf(command), headers);
  const content = ended === null ? null : ended.ending === 'done' ? ended.reply : ended.problem;
  return { headers, body: Buffer.from(JSON.stringify(content ?? null)) };
}

/** Reads a reply. Throws when it is none of ours or does not fit the contract. */
export function decodeReply<C extends CommandContract>(
  contract: C,
  headers: Headers,
  body: Buffer,
): RequestResult<ReplyOf<C>> {
  const repeated = headers[ATTRIBUTE.repeated] === 'true';
  const status = headers[ATTRIBUTE.status];
  switch (status) {
    case 'done': {
      const reply = fit(`${contract.type} (reply)`, contract.reply, JSON.parse(body.toString('utf8')));
      return { status, reply: reply as ReplyOf<C>, repeated };
    }
    case 'rejected':
    case 'failed':
    case 'expired':
    case 'cancelled':
      return { status, problem: problemOf(JSON.parse(body.toString('utf8')), status), repeated };
    case 'conflict':
    case 'too-old':
      return { status };
    default:
      throw new TypeError(`${contract.type}: the reply has no known status`);
  }
}

function problemOf(content: unknown, status: string): Problem {
  const { code, detail } = (content ?? {}) as Partial<Record<keyof Problem, unknown>>;
  return {
    code: typeof code === 'string' ? code : status,
    ...(typeof detail === 'string' && { detail }),
  };
}
