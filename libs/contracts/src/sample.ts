import type { JsonSchema } from './json-schema.js';
import { isNull, variantsOf } from './resolve.js';

export type Extent = 'full' | 'minimal';

/**
 * A value that a JSON Schema takes, the same at each call. `full`: every field, nothing null; `minimal`: required fields
 * only, null and empty where allowed. Every id differs from the others.
 */
export function sampleOf(root: JsonSchema, extent: Extent): unknown {
  let count = extent === 'full' ? 0 : 100;
  const next = (): number => (count += 1);

  const fill = (schema: JsonSchema, name: string): unknown => {
    const variants = variantsOf(schema, root);
    const full = variants.find((one) => !isNull(one));
    const chosen = extent === 'full' ? full : (variants.find(isNull) ?? full);
    if (chosen === undefined || isNull(chosen)) return null;
    const [example] = Array.isArray(chosen.examples) ? (chosen.examples as unknown[]) : [];
    if (example !== undefined) return example;
    if (chosen.enum) return extent === 'full' ? chosen.enum[0] : chosen.enum.at(-1);
    return plain(chosen, name);
  };

  const plain = (schema: JsonSchema, name: string): unknown => {
    switch (schema.type) {
      case 'object':
        return Object.fromEntries(fieldsOf(schema, extent).map(([field, one]) => [field, fill(one, field)]));
      case 'array':
        return Array.from({ length: lengthOf(schema, extent) }, () => fill(schema.items ?? {}, name));
      case 'string':
        return text(schema, name, next());
      case 'integer':
      case 'number':
        return Math.max(next(), bound(schema.minimum), bound(schema.exclusiveMinimum) + 1);
      case 'boolean':
        return extent === 'full';
      default:
        return null;
    }
  };

  return fill(root, 'value');
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema, extent: Extent): [string, JsonSchema][] {
  return Object.entries(properties).filter(([field]) => extent === 'full' || required.includes(field));
}

function lengthOf({ minItems }: JsonSchema, extent: Extent): number {
  return Math.max(extent === 'full' ? 1 : 0, bound(minItems, 0));
}

function text({ format, minLength, maxLength }: JsonSchema, name: string, count: number): string {
  const two = String(count % 60).padStart(2, '0');
  if (format === 'uuid') return `01980000-0000-7000-8000-${String(count).padStart(12, '0')}`;
  if (format === 'date-time') return `2026-01-02T03:04:${two}.000Z`;
  return `${name} ${count}`.padEnd(bound(minLength, 0), '.').slice(0, bound(maxLength, 1_000));
}

function bound(limit: unknown, otherwise = Number.NEGATIVE_INFINITY): number {
  return typeof limit === 'number' ? limit : otherwise;
}
