import { z } from 'zod';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const COMPONENTS = '#/components/schemas/';

/** Gathers JSON Schemas of contracts; what has a name (`meta({ id })`) becomes a component that others point to. */
export class SchemaCollector {
  readonly components: Record<string, JsonSchema> = {};

  add(schema: z.ZodType): JsonSchema {
    const { $schema: _, $defs, ...root } = z.toJSONSchema(schema, { io: 'input', override: tidy });
    for (const [name, component] of Object.entries($defs ?? {})) {
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
