import { z } from 'zod';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** What a zod schema takes, as JSON Schema 2020-12; what has a name (`meta({ id })`) is in its `$defs`. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...root } = z.toJSONSchema(schema, { io: 'input', override: tidy });
  return JSON.parse(JSON.stringify(root)) as JsonSchema;
}

const COMPONENTS = '#/components/schemas/';

/** Gathers JSON Schemas of contracts; what has a name (`meta({ id })`) becomes a component that others point to. */
export class SchemaCollector {
  readonly components: Record<string, JsonSchema> = {};

  add(schema: z.ZodType): JsonSchema {
    const { $defs = {}, ...root } = jsonSchemaOf(schema);
    for (const [name, component] of Object.entries($defs)) {
      this.components[name] ??= pointToComponents(component);
    }
    return pointToComponents(root);
  }
}

/** Formats say what zod's patterns say, and the bounds of safe integers say nothing. */
function tidy({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function pointToComponents(schema: unknown): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', COMPONENTS) : value,
  ) as JsonSchema;
}

export function componentName({ $ref }: JsonSchema): string | undefined {
  return $ref?.startsWith(COMPONENTS) === true ? $ref.slice(COMPONENTS.length) : undefined;
}
