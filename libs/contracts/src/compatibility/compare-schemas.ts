import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../json-schema.js';
import { isClosed, variantsOf } from '../resolve.js';
import { type Change, compatible, narrowed, replaced, widened } from './change.js';
import { compareValues } from './compare-values.js';

/** What changed from one JSON Schema to the next. Schemas that take the same values differ in nothing. */
export function compareSchemas(before: JsonSchema, after: JsonSchema): Change[] {
  return new Comparison(before, after).changes;
}

class Comparison {
  readonly changes: Change[];

  constructor(
    private readonly rootBefore: JsonSchema,
    private readonly rootAfter: JsonSchema,
  ) {
    this.changes = this.schema(rootBefore, rootAfter, '');
  }

  private schema(before: JsonSchema, after: JsonSchema, pointer: string): Change[] {
    const left = variantsOf(before, this.rootBefore);
    const right = variantsOf(after, this.rootAfter);
    const pairs: [JsonSchema, JsonSchema][] = [];
    for (const same of [isDeepStrictEqual, sameType]) {
      for (const one of [...left]) {
        const other = right.find((candidate) => same(one, candidate));
        if (other === undefined) continue;
        pairs.push([one, other]);
        left.splice(left.indexOf(one), 1);
        right.splice(right.indexOf(other), 1);
      }
    }
    return [
      ...left.map((one) => narrowed(pointer, `${nameOf(one)} was removed from the types`)),
      ...right.map((one) => widened(pointer, `${nameOf(one)} was added to the types`)),
      ...pairs.flatMap(([one, other]) => this.variant(one, other, pointer)),
    ];
  }

  private variant(before: JsonSchema, after: JsonSchema, pointer: string): Change[] {
    return [
      ...compareValues(before, after, pointer),
      ...this.fields(before, after, pointer),
      ...this.closing(before, after, pointer),
      ...this.within(before.items, after.items, `${pointer}/-`),
      ...this.within(open(before.additionalProperties), open(after.additionalProperties), `${pointer}/*`),
    ];
  }

  private fields(before: JsonSchema, after: JsonSchema, pointer: string): Change[] {
    const { properties: old = {}, required: oldRequired = [] } = before;
    const { properties: now = {}, required: nowRequired = [] } = after;
    return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((field) => {
      const at = `${pointer}/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const [was, is] = [old[field], now[field]];
      if (is === undefined) return [replaced(at, 'the field was removed')];
      const [wasRequired, isRequired] = [oldRequired.includes(field), nowRequired.includes(field)];
      if (was === undefined) return [added(at, isRequired, isClosed(before))];
      const changes = this.schema(was, is, at);
      if (wasRequired && !isRequired) changes.push(widened(at, 'the field became optional'));
      if (!wasRequired && isRequired) changes.push(narrowed(at, 'the field became required'));
      return changes;
    });
  }

  private closing(before: JsonSchema, after: JsonSchema, pointer: string): Change[] {
    if (isClosed(before) === isClosed(after)) return [];
    return isClosed(after)
      ? [narrowed(pointer, 'unknown fields are refused now')]
      : [compatible(pointer, 'unknown fields are taken now')];
  }

  private within(before: JsonSchema | undefined, after: JsonSchema | undefined, pointer: string): Change[] {
    if (before && after) return this.schema(before, after, pointer);
    if (after) return [narrowed(pointer, 'is described now')];
    return before ? [widened(pointer, 'is not described any more')] : [];
  }
}

function added(pointer: string, required: boolean, closed: boolean): Change {
  if (!required && !closed) return compatible(pointer, 'a new optional field');
  const what = required ? 'a new required field' : 'a new field where unknown ones were refused';
  return {
    pointer,
    what,
    breaks: [...(closed ? ['behind' as const] : []), ...(required ? ['ahead' as const] : [])],
  };
}

function open(additional: unknown): JsonSchema | undefined {
  return typeof additional === 'object' ? (additional as JsonSchema) : undefined;
}

function sameType(one: JsonSchema, other: JsonSchema): boolean {
  const numbers = ['integer', 'number'];
  return one.type === other.type || [one, other].every(({ type }) => numbers.includes(String(type)));
}

function nameOf({ type, format, const: constant }: JsonSchema): string {
  return (
    JSON.stringify(constant) ?? `${String(type ?? 'anything')}${format === undefined ? '' : ` (${format})`}`
  );
}
