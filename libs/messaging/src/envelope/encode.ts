import { type Context, propagation } from '@opentelemetry/api';
import type { CommandContract, EventContract, MessageContract, PayloadOf } from '../contract/message.js';
import { DEFAULT_PARTITIONS } from '../contract/topology.js';
import type { OutgoingMessage } from '../driver.js';
import { ATTRIBUTE, type Identity, LONGEST_NAME } from '../envelope.js';
import { partitionOf } from '../partition.js';
import { ContractError, fit } from './contract-error.js';
import { type Origin, originHere } from './origin.js';
import { uuidv7 } from './uuid.js';

/** Where the reply to a command goes. The correlation id is of one attempt, never of the command. */
export interface ReplyTarget {
  readonly address: string;
  readonly correlationId: string;
}

/** What a command carries beside its payload. */
export interface CommandAttributes {
  readonly id: string;
  readonly identity: Identity;
  readonly firstSentAt: Date;
  readonly deadline: Date;
  readonly requestHash?: string;
}

export interface EncodeOptions {
  /** CloudEvents `source`. Default: `/` and the topic. */
  readonly source?: string;
  /** The partitions of a topic, as the topology declares them. Default: 8 for every topic. */
  readonly partitions?: (topic: string) => number;
}

/**
 * An event as it goes on the wire, with a new id, first sent now. An outbox calls it with `originOf(cause)` when a
 * handler publishes, and adds the header `sequence` when it sends; a schedule also renews `time` and `firstsent` then.
 * Throws ContractError when the payload does not fit.
 */
export function encodeEvent<C extends EventContract>(
  contract: C,
  payload: PayloadOf<C>,
  origin: Origin = originHere(),
  options: EncodeOptions = {},
): OutgoingMessage {
  return encode(contract, payload, origin, { [ATTRIBUTE.id]: uuidv7() }, new Date(), options);
}

/** A command as it goes on the wire. `context`: the span that sends it. Throws ContractError when the payload does not fit. */
export function encodeCommand<C extends CommandContract>(
  contract: C,
  payload: PayloadOf<C>,
  options: CommandAttributes,
  context: Context,
  reply: ReplyTarget | undefined,
  encoding: EncodeOptions = {},
): OutgoingMessage {
  const attributes = {
    [ATTRIBUTE.id]: options.id,
    [ATTRIBUTE.deadline]: options.deadline.toISOString(),
    ...(options.requestHash !== undefined && { [ATTRIBUTE.requesthash]: options.requestHash }),
    ...(reply && { [ATTRIBUTE.replyto]: reply.address, [ATTRIBUTE.correlationid]: reply.correlationId }),
  };
  const origin = { identity: options.identity, context };
  return encode(contract, payload, origin, attributes, options.firstSentAt, encoding);
}

function encode(
  contract: MessageContract,
  payload: unknown,
  origin: Origin,
  attributes: Record<string, string>,
  firstSentAt: Date,
  { source = `/${contract.topic}`, partitions = () => DEFAULT_PARTITIONS }: EncodeOptions,
): OutgoingMessage {
  const checked = fit(contract.type, contract.payload, payload);
  const key = contract.key(checked);
  for (const [name, text] of Object.entries({ key, id: attributes[ATTRIBUTE.id] ?? '' })) {
    if (text.length > LONGEST_NAME) throw new ContractError(contract.type, `its ${name} (too_big)`);
  }
  const headers: Record<string, string> = {
    [ATTRIBUTE.specversion]: '1.0',
    [ATTRIBUTE.type]: contract.type,
    [ATTRIBUTE.source]: source,
    [ATTRIBUTE.time]: new Date().toISOString(),
    [ATTRIBUTE.datacontenttype]: 'application/json',
    [ATTRIBUTE.partitionkey]: key,
    [ATTRIBUTE.firstsent]: firstSentAt.toISOString(),
    ...identityAttributes(origin.identity),
    ...attributes,
  };
  propagation.inject(origin.context, headers);
  const partition = partitionOf(key, partitions(contract.topic));
  return { topic: contract.topic, partition, key, headers, body: Buffer.from(JSON.stringify(checked)) };
}

function identityAttributes({ actor, roles, session }: Identity): Record<string, string> {
  return {
    ...(actor !== null && { [ATTRIBUTE.actor]: actor }),
    ...(roles.length > 0 && { [ATTRIBUTE.roles]: roles.join(',') }),
    ...(session !== null && { [ATTRIBUTE.session]: session }),
  };
}
