import { command, event, type MessageContract, type Subscription, subscription } from '@taskwire/messaging';
import { z } from 'zod';
import { type Stored } from './check.js';
import { publishedOf } from './published.js';
import { withNewSamples } from './samples.js';

/** The fields of a note as they were published; each case changes one. */
export const fields = {
  noteId: z.uuid(),
  ownerId: z.uuid(),
  text: z.string().min(1).max(200),
  size: z.int().min(0),
  mood: z.enum(['calm', 'glad']),
  place: z.string().nullable(),
  hint: z.string().optional(),
  tags: z.array(z.string().max(20)),
  marks: z.record(z.string(), z.int()),
  author: z.object({ name: z.string(), nick: z.string().optional() }),
};
export type Fields = { readonly [name: string]: z.ZodType };

const byOwner = (payload: unknown): string => (payload as { ownerId: string }).ownerId;
const reply = z.object({ noteId: z.uuid(), version: z.int(), mood: z.enum(['calm', 'glad']) });

export interface Changes {
  readonly topic?: string;
  readonly key?: (payload: unknown) => string;
  readonly payload?: z.ZodType;
  readonly reply?: z.ZodType;
  readonly rejections?: readonly string[];
}

export const createNote = (changes: Changes = {}): MessageContract =>
  command('note.create.v1', {
    ...{ topic: 'note.commands.v1', key: byOwner, payload: z.object(fields), reply },
    rejections: ['full'],
    ...changes,
  });

export const noteCreated = ({ topic, key, payload }: Changes = {}): MessageContract =>
  event('note.created.v1', {
    topic: topic ?? 'note.events.v1',
    key: key ?? byOwner,
    payload: payload ?? z.object(fields),
  });

export const replyFields = reply.shape;

/** `note` serves the command; `mail` and `count` follow the event. */
export function subscriptionsOf(contracts: readonly MessageContract[]): Subscription[] {
  const commands = contracts.filter((contract) => contract.kind === 'command');
  const events = contracts.filter((contract) => contract.kind === 'event');
  return [
    subscription('note.commands', { kind: 'group', commands }),
    subscription('mail.notes', { kind: 'group', events }),
    subscription('count.notes', { kind: 'group', events }),
  ];
}

export function storedOf(contracts: readonly MessageContract[]): Stored {
  const all = contracts.map((contract) => publishedOf(contract, subscriptionsOf(contracts)));
  const samples = contracts.map((contract, index) => {
    const published = all[index];
    if (!published) throw new Error(contract.type);
    return [contract.type, withNewSamples(contract, published)] as const;
  });
  return { published: new Map(all.map((one) => [one.type, one])), samples: new Map(samples) };
}
