import type { GroupSubscription } from '../contract/subscription.js';
import { DEFAULT_PARTITIONS } from '../contract/topology.js';
import type { Headers } from '../driver.js';
import { ATTRIBUTE } from '../envelope.js';
import { partitionOf } from '../partition.js';

/** What is known of a stored event, whether or not it could be decoded. */
export interface StoredEvent {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  /** The key that holds its place, or null. */
  readonly key: string | null;
  readonly headers: Headers;
}

/** A new payload that can't become this message. The detail is for whoever sent it. */
export class MendError extends Error {
  override readonly name = 'MendError';
  constructor(
    readonly field: 'type' | 'payload',
    message: string,
  ) {
    super(message);
  }
}

/**
 * A stored event with another payload, so that its group would take it: what of its attributes can't be read is repaired
 * or left out; id, key and trace stay, and with the key its place. `type` is needed where the message has none that the
 * group handles. Throws the schema's ZodError when the payload doesn't fit its contract, else a MendError.
 */
export function mend(
  { name, events }: GroupSubscription,
  stored: StoredEvent,
  payload: unknown,
  type = stored.headers[ATTRIBUTE.type] ?? '',
): { readonly headers: Headers; readonly body: Buffer } {
  const possible = events.filter((contract) => contract.topic === stored.topic);
  const contract = possible.find((one) => one.type === type);
  if (!contract) {
    const types = possible.map((one) => one.type).join(', ');
    throw new MendError('type', `${name} has no handler for "${type}": on this topic it takes ${types}`);
  }
  const checked = contract.payload.parse(payload);
  checkPlace(stored, contract.key(checked));
  const headers: Record<string, string> = {
    ...stored.headers,
    [ATTRIBUTE.specversion]: '1.0',
    [ATTRIBUTE.id]: stored.id,
    [ATTRIBUTE.type]: type,
    [ATTRIBUTE.datacontenttype]: 'application/json',
    [ATTRIBUTE.partitionkey]: contract.key(checked),
  };
  for (const time of [ATTRIBUTE.time, ATTRIBUTE.firstsent, ATTRIBUTE.deadline]) {
    if (Number.isNaN(Date.parse(headers[time] ?? ''))) delete headers[time];
  }
  return { headers, body: Buffer.from(JSON.stringify(checked)) };
}

/** At another key it would overtake others, and run under locks that don't cover it. */
function checkPlace({ key, headers, partition }: StoredEvent, newKey: string): void {
  const known = key ?? headers[ATTRIBUTE.partitionkey];
  if (known !== undefined && known !== newKey) {
    throw new MendError('payload', `its key must stay "${known}", this payload has "${newKey}"`);
  }
  if (partitionOf(newKey, DEFAULT_PARTITIONS) !== partition) {
    throw new MendError('payload', `its key must be one of partition ${partition}, "${newKey}" is not`);
  }
}
