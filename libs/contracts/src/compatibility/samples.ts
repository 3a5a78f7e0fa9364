import type { MessageContract } from '@taskwire/messaging';
import { z } from 'zod';
import type { JsonSchema } from '../json-schema.js';
import { declaredPointers } from '../resolve.js';
import { type Extent, sampleOf } from '../sample.js';
import { receiversText } from './compare-messages.js';
import { breaking, type Finding, missing } from './finding.js';
import type { Published } from './published.js';

const Sample = z.object({ name: z.string(), key: z.string().optional(), value: z.json() });
type Sample = z.output<typeof Sample>;
/** Messages as they were once on the bus. Kept for ever: logs, inboxes and parked messages hold such. */
export const Samples = z.object({ payload: z.array(Sample), reply: z.array(Sample).optional() });
export type Samples = z.output<typeof Samples>;

const BY_HAND =
  'Give the field an example with .meta({ examples }), or write libs/contracts/samples by hand.';
const NEEDED = ['full', 'minimal'] as const;

/** Whether every sample still is what the contract takes, and whether there are enough of them. */
export function checkSamples(contract: MessageContract, published: Published, samples: Samples): Finding[] {
  const { type, sender, receivers } = published;
  const victims = receiversText(receivers);
  return [
    ...samples.payload.flatMap((sample) => {
      const payload = contract.payload.safeParse(sample.value);
      if (!payload.success)
        return [unfit(type, `sample "${sample.name}" of its payload`, payload.error, victims)];
      const key = contract.key(payload.data);
      if (key === sample.key) return [];
      const what = `sample "${sample.name}" has the key ${key} instead of ${sample.key ?? 'none'}`;
      return [
        breaking(type, what, ['messages of one key are handled out of order while versions mix'], victims),
      ];
    }),
    ...(samples.reply ?? []).flatMap((sample) => {
      const reply = contract.kind === 'command' ? contract.reply.safeParse(sample.value) : undefined;
      if (!reply || reply.success) return [];
      return [unfit(type, `sample "${sample.name}" of its reply`, reply.error, [sender])];
    }),
    ...tooFew(type, 'payload', published.payload, samples.payload),
    ...(published.reply ? tooFew(type, 'reply', published.reply, samples.reply ?? []) : []),
  ];
}

/** The samples, and new ones for what they don't show yet. What is there stays as it is. Throws where none can be made. */
export function withNewSamples(contract: MessageContract, published: Published, samples?: Samples): Samples {
  const { type } = contract;
  const keyOf = (value: unknown) => contract.key(contract.payload.parse(value));
  const payload = grown(`${type}: its payload`, contract.payload, published.payload, samples?.payload);
  return {
    payload: payload.map(({ name, key, value }) => ({ name, key: key ?? keyOf(value), value })),
    ...(contract.kind === 'command' &&
      published.reply && {
        reply: grown(`${type}: its reply`, contract.reply, published.reply, samples?.reply),
      }),
  };
}

function grown(what: string, schema: z.ZodType, json: JsonSchema, samples: readonly Sample[] = []): Sample[] {
  const make = (name: string, extent: Extent): Sample => {
    const value = sampleOf(json, extent) as Sample['value'];
    const { error } = schema.safeParse(value);
    if (!error) return { name, value };
    throw new Error(`${what} has no "${name}" sample, and none can be made: ${text(error)}. ${BY_HAND}`);
  };
  const names = samples.map(({ name }) => name);
  const all = [...samples, ...NEEDED.filter((name) => !names.includes(name)).map((name) => make(name, name))];
  if (unseen(json, all).length === 0) return all;
  const more = [...all, make(`full-${all.length}`, 'full')];
  return unseen(json, more).length < unseen(json, all).length ? more : all;
}

function unfit(type: string, what: string, error: z.ZodError, victims: readonly string[]): Finding {
  const why = `such messages may lie in logs, inboxes and parked messages: ${text(error)}`;
  return breaking(type, `${what} does not fit any more`, [why], victims);
}

function text({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `/${path.join('/')} ${message}`).join('; ');
}

function tooFew(type: string, part: string, schema: JsonSchema, samples: readonly Sample[]): Finding[] {
  const names = samples.map(({ name }) => name);
  return [
    ...NEEDED.filter((name) => !names.includes(name)).map((name) =>
      missing(type, `there is no sample "${name}" of its ${part}`),
    ),
    ...unseen(schema, samples).map((pointer) => missing(type, `no sample of its ${part} has ${pointer}`)),
  ];
}

/** Fields of the schema that no sample has. */
function unseen(schema: JsonSchema, samples: readonly Sample[]): string[] {
  const seen = new Set(samples.flatMap(({ value }) => pointersIn(value, '')));
  return declaredPointers(schema).filter((pointer) => !seen.has(pointer));
}

function pointersIn(value: unknown, pointer: string): string[] {
  if (typeof value !== 'object' || value === null) return [pointer];
  const children = Array.isArray(value)
    ? value.map((item): [string, unknown] => ['-', item])
    : Object.entries(value);
  return [pointer, ...children.flatMap(([step, child]) => pointersIn(child, `${pointer}/${step}`))];
}
