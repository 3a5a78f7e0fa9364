import type { JsonSchema } from '@taskwire/contracts/json-schema';
import fc from 'fast-check';

type Components = Readonly<Record<string, JsonSchema>>;

const LONGEST = 200;
const deep = (depth: number): unknown => Array.from({ length: depth }).reduce((inner) => [inner], 0);

/** What nobody should send, and somebody will. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ...[
      '',
      ' ',
      '\0',
      '\ud800',
      '\u202e',
      'null',
      '../../etc/passwd',
      "' or '1'='1",
      '%00',
      '${7*7}',
      '1e999',
    ],
    ...['0001-01-01T00:00:00+14:00', '9999-12-31T23:59:60Z', '2026-02-30T00:00:00Z', '٣', '𝕏'.repeat(300)],
    ...[-1, 0, 1e308, 2 ** 53, -0, 0.1, true, false, null],
  ),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    { '': '' },
    JSON.parse('{"__proto__":{"admin":true},"constructor":1}'),
  ),
  fc.constantFrom(
    'x'.repeat(20_000),
    Array.from({ length: 3_000 }, () => 'y'),
    deep(2_000),
  ),
);

/** Values that a schema takes, most of them: what it says in patterns and refinements is left to chance. */
export function valuesOf(schema: JsonSchema, components: Components): fc.Arbitrary<unknown> {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return valuesOf(components[name] ?? {}, components);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => valuesOf(one, components)));
  switch (schema.type) {
    case 'string':
      return stringsOf(schema);
    case 'integer':
      return fc.integer({ min: -1, max: 200 });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, components), { maxLength: 4 });
    case 'object':
      return objectsOf(schema, components);
    default:
      return fc.jsonValue();
  }
}

function stringsOf({ format, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.emailAddress();
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const [least, most] = [Number(minLength ?? 0), Math.min(LONGEST, Number(maxLength ?? LONGEST))];
  return fc.string({ unit: 'grapheme', minLength: least, maxLength: Math.max(least, most) });
}

function objectsOf({ properties = {}, required = [] }: JsonSchema, components: Components) {
  const fields = Object.entries(properties).map(
    ([key, field]) => [key, valuesOf(field, components)] as const,
  );
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

/** A value of which one field, or all of it, is something else. */
export function spoiled(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(values, junk, fc.nat()).map(([value, wrong, at]) => {
    if (typeof value !== 'object' || value === null) return wrong;
    const keys = [...Object.keys(value), 'unknownField'];
    return { ...value, [keys[at % keys.length] ?? '']: wrong };
  });
}
