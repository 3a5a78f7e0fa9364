import { type JsonSchema, componentName } from '@taskwire/contracts/json-schema';
import { type Html, html } from './html.js';

/** A schema in a few words, with links to named ones: `string (uuid)`, `Task[]`, `"todo" | "done"`. */
export function schemaText(schema: JsonSchema): Html {
  const name = componentName(schema);
  if (name !== undefined) return html`<a href="#schema-${name}">${name}</a>`;
  if (schema.enum) return html`${schema.enum.map((value) => JSON.stringify(value)).join(' | ')}`;
  if (schema.anyOf) return html`${schema.anyOf.map((one, index) => [index > 0 && ' | ', schemaText(one)])}`;
  if (schema.items) return html`${schemaText(schema.items)}[]`;
  if (schema.properties) return html`{ ${Object.keys(schema.properties).join(', ')} }`;
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['any']);
  return html`${types.join(' | ')}${limits(schema)}`;
}

function limits(schema: JsonSchema): string {
  const { format, minLength, maxLength, minimum, maximum } = schema;
  const parts = [format, range(minLength, maxLength, ' characters'), range(minimum, maximum, '')];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

function range(low: unknown, high: unknown, unit: string): string | undefined {
  if (low === undefined && high === undefined) return undefined;
  if (low === undefined) return `at most ${String(high)}${unit}`;
  return high === undefined ? `at least ${String(low)}${unit}` : `${String(low)} to ${String(high)}${unit}`;
}
