import type { JsonSchema } from './json-schema.js';

const DEFINITIONS = '#/$defs/';

/** The schema that a `$ref` within `root` leads to; others as they are. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const { $ref } = schema;
  if ($ref === undefined) return schema;
  const target = $ref.startsWith(DEFINITIONS) ? root.$defs?.[$ref.slice(DEFINITIONS.length)] : undefined;
  if (target === undefined) throw new Error(`${$ref} leads nowhere`);
  return resolve(target, root);
}

/** The alternatives that a schema allows, each without a `$ref`: those of its `anyOf`, or itself. */
export function variantsOf(schema: JsonSchema, root: JsonSchema): JsonSchema[] {
  const resolved = resolve(schema, root);
  if (resolved.anyOf) return resolved.anyOf.flatMap((one) => variantsOf(one, root));
  const { type, ...rest } = resolved;
  return typeof type === 'object' ? type.map((one) => ({ ...rest, type: one })) : [resolved];
}

export const isNull = ({ type }: JsonSchema): boolean => type === 'null';
export const isClosed = ({ additionalProperties }: JsonSchema): boolean => additionalProperties === false;

/** Where a schema refuses fields that it doesn't name, as JSON pointers. */
export function closedPointers(schema: JsonSchema, root = schema, pointer = ''): string[] {
  return variantsOf(schema, root).flatMap((one) => [
    ...(isClosed(one) ? [pointer] : []),
    ...[...childrenOf(one), ...recordOf(one)].flatMap(([step, child]) =>
      closedPointers(child, root, `${pointer}/${step}`),
    ),
  ]);
}

/** Every place that a schema describes, as JSON pointers with `-` for the items of an array. */
export function declaredPointers(schema: JsonSchema, root = schema, pointer = ''): string[] {
  const children = variantsOf(schema, root).flatMap(childrenOf);
  return [
    pointer,
    ...children.flatMap(([step, child]) => declaredPointers(child, root, `${pointer}/${step}`)),
  ];
}

function childrenOf({ properties = {}, items }: JsonSchema): [string, JsonSchema][] {
  return [...Object.entries(properties), ...(items ? ([['-', items]] as [string, JsonSchema][]) : [])];
}

function recordOf({ additionalProperties }: JsonSchema): [string, JsonSchema][] {
  return typeof additionalProperties === 'object' ? [['*', additionalProperties as JsonSchema]] : [];
}
