import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../json-schema.js';
import { type Change, narrowed, replaced, widened } from './change.js';

const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const STRUCTURE = [
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'items',
  'additionalProperties',
  '$defs',
  'anyOf',
];
const ANNOTATIONS = ['id', 'title', 'description', 'examples', 'default', 'deprecated', '$comment'];
const KNOWN = new Set([...UPPER, ...LOWER, ...STRUCTURE, ...ANNOTATIONS]);

/** What changed in the type, values, bounds and forms that two schemas of one type take. */
export function compareValues(before: JsonSchema, after: JsonSchema, pointer: string): Change[] {
  const others = Object.keys({ ...before, ...after }).filter((keyword) => !KNOWN.has(keyword));
  return [
    ...compareNumberTypes(before, after, pointer),
    ...compareEnums(valuesOf(before), valuesOf(after), pointer),
    ...UPPER.flatMap((keyword) => compareBounds(keyword, before, after, pointer, 1)),
    ...LOWER.flatMap((keyword) => compareBounds(keyword, before, after, pointer, -1)),
    ...others.flatMap((keyword) => compareForms(keyword, before[keyword], after[keyword], pointer)),
  ];
}

function compareNumberTypes({ type: was }: JsonSchema, { type: is }: JsonSchema, pointer: string): Change[] {
  if (was === is) return [];
  const what = `${String(was)} became ${String(is)}`;
  return [is === 'number' ? widened(pointer, what) : narrowed(pointer, what)];
}

function valuesOf({ enum: values, const: constant }: JsonSchema): readonly unknown[] | undefined {
  return values ?? (constant === undefined ? undefined : [constant]);
}

function compareEnums(
  before: readonly unknown[] | undefined,
  after: readonly unknown[] | undefined,
  pointer: string,
): Change[] {
  if (before === undefined)
    return after === undefined ? [] : [narrowed(pointer, `only ${list(after)} are taken now`)];
  if (after === undefined) return [widened(pointer, `not only ${list(before)} any more`)];
  return [
    ...after
      .filter((value) => !before.includes(value))
      .map((value) => widened(pointer, `${JSON.stringify(value)} was added to the values`)),
    ...before
      .filter((value) => !after.includes(value))
      .map((value) => narrowed(pointer, `${JSON.stringify(value)} was removed from the values`)),
  ];
}

/** `direction`: 1 where a higher bound takes more, -1 where a lower one does. */
function compareBounds(
  keyword: string,
  before: JsonSchema,
  after: JsonSchema,
  pointer: string,
  direction: 1 | -1,
): Change[] {
  const none = direction * Number.POSITIVE_INFINITY;
  const [was, is] = [before[keyword] ?? none, after[keyword] ?? none] as [number, number];
  if (was === is) return [];
  const what = `${keyword} ${shown(was)} became ${shown(is)}`;
  return [direction * (is - was) > 0 ? widened(pointer, what) : narrowed(pointer, what)];
}

function compareForms(keyword: string, was: unknown, is: unknown, pointer: string): Change[] {
  if (isDeepStrictEqual(was, is)) return [];
  if (was === undefined) return [narrowed(pointer, `${keyword} ${JSON.stringify(is)} is demanded now`)];
  if (is === undefined)
    return [widened(pointer, `${keyword} ${JSON.stringify(was)} is not demanded any more`)];
  return [replaced(pointer, `${keyword} ${JSON.stringify(was)} became ${JSON.stringify(is)}`)];
}

const list = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(', ');
const shown = (bound: number): string => (Number.isFinite(bound) ? String(bound) : 'none');
