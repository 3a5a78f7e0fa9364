import type { JsonSchema } from '../json-schema.js';
import type { Victim } from './change.js';
import { compareSchemas } from './compare-schemas.js';

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

interface Operation {
  readonly security: readonly object[];
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: JsonSchema }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly headers?: object; readonly content?: Content }>>;
}

/** What is compared of an OpenAPI document. */
export interface Api {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/**
 * What breaks clients that were written against `before` when they call `after`: one line each. Clients ignore fields,
 * headers and problems that they don't know; the API refuses parameters that it doesn't know.
 */
export function apiBreaks(before: Api, after: Api): string[] {
  return Object.entries(before.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, was]) => {
      const is = after.paths[path]?.[method];
      const what = is ? operationBreaks(was, is, schemaBreaks(before, after)) : ['was removed'];
      return what.map((one) => `${method.toUpperCase()} ${path}: ${one}`);
    }),
  );
}

type SchemaBreaks = (where: string, was: JsonSchema, is: JsonSchema, victim: Victim) => string[];

function operationBreaks(was: Operation, is: Operation, schemas: SchemaBreaks): string[] {
  return [
    ...(was.security.length === 0 && is.security.length > 0 ? ['needs a token now'] : []),
    ...parameterBreaks(was, is, schemas),
    ...bodyBreaks(was, is, schemas),
    ...Object.keys(was.responses)
      .filter((status) => status < '400')
      .flatMap((status) => responseBreaks(status, was, is, schemas)),
  ];
}

function parameterBreaks(was: Operation, is: Operation, schemas: SchemaBreaks): string[] {
  const nameOf = (parameter: { name: string; in: string }) => `${parameter.in} parameter ${parameter.name}`;
  const known = new Map(was.parameters.map((parameter) => [nameOf(parameter), parameter]));
  const current = new Map(is.parameters.map((parameter) => [nameOf(parameter), parameter]));
  return [
    ...[...known].flatMap(([name, before]) => {
      const after = current.get(name);
      return after ? schemas(name, before.schema, after.schema, 'ahead') : [`${name} was removed`];
    }),
    ...[...current]
      .filter(([name, { required }]) => required && known.get(name)?.required !== true)
      .map(([name]) => `${name} is required now`),
  ];
}

function bodyBreaks(was: Operation, is: Operation, schemas: SchemaBreaks): string[] {
  if (was.requestBody?.required !== true && is.requestBody?.required === true)
    return ['a body is required now'];
  return contentBreaks('the body', was.requestBody?.content, is.requestBody?.content, schemas, 'ahead');
}

function responseBreaks(status: string, was: Operation, is: Operation, schemas: SchemaBreaks): string[] {
  const [before, after] = [was.responses[status], is.responses[status]];
  if (!after) return [`is not answered with ${status} any more`];
  const headers = Object.keys(before?.headers ?? {}).filter((name) => !(name in (after.headers ?? {})));
  return [
    ...headers.map((name) => `${status} lost its header ${name}`),
    ...contentBreaks(String(status), before?.content, after.content, schemas, 'behind'),
  ];
}

function contentBreaks(
  where: string,
  was: Content = {},
  is: Content = {},
  schemas: SchemaBreaks,
  victim: Victim,
): string[] {
  return Object.entries(was).flatMap(([type, { schema }]) => {
    const now = is[type];
    return now ? schemas(where, schema, now.schema, victim) : [`${where} is no ${type} any more`];
  });
}

/** Of requests, what those sent by old clients break; of answers, what old clients break on. */
function schemaBreaks(before: Api, after: Api): SchemaBreaks {
  return (where, was, is, victim) =>
    compareSchemas(rooted(was, before), rooted(is, after))
      .filter(({ breaks }) => breaks.includes(victim))
      .map(({ pointer, what }) => `${where}${pointer === '' ? '' : ` at ${pointer}`}: ${what}`);
}

/** The schema with the components that it may point to, where comparing looks for them. */
function rooted(schema: JsonSchema, { components }: Api): JsonSchema {
  return JSON.parse(
    JSON.stringify({ ...schema, $defs: components.schemas }).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as JsonSchema;
}
