import type { MessageContract, Subscription } from '@taskwire/messaging';
import { z } from 'zod';
import { type JsonSchema, jsonSchemaOf } from '../json-schema.js';
import { keyPointer } from '../key-pointer.js';
import { receiversOf, senderOf } from '../parties.js';

const Schema = z.custom<JsonSchema>((value) => typeof value === 'object' && value !== null);

/** What others may rely on in a message: stored when it is published, and compared with the code ever after. */
export const Published = z.object({
  type: z.string(),
  kind: z.enum(['command', 'event']),
  topic: z.string(),
  /** JSON pointer of the field that orders it, or `computed`. */
  key: z.string(),
  sender: z.string(),
  /** Subscriptions, by name. */
  receivers: z.array(z.string()),
  payload: Schema,
  /** Commands only, as `rejections`. */
  reply: Schema.optional(),
  rejections: z.array(z.string()).optional(),
});
export type Published = z.output<typeof Published>;

/** What the code says of a message today. */
export function publishedOf(contract: MessageContract, subscriptions: readonly Subscription[]): Published {
  return {
    type: contract.type,
    kind: contract.kind,
    topic: contract.topic,
    key: keyPointer(contract),
    sender: senderOf(contract),
    receivers: receiversOf(contract.type, subscriptions).map(({ name }) => name),
    payload: jsonSchemaOf(contract.payload),
    ...(contract.kind === 'command' && {
      reply: jsonSchemaOf(contract.reply),
      rejections: [...contract.rejections].sort(),
    }),
  };
}
