import { isConditional, type Route } from '@taskwire/contracts';
import { type JsonSchema, SchemaCollector } from '@taskwire/contracts/json-schema';
import type { Parameter } from './openapi.types.js';

const text: JsonSchema = { type: 'string' };

const COMMAND_HEADERS: readonly Parameter[] = [
  {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Names the write: a repeat with the same key is not done twice. One is made when there is none.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  {
    name: 'Prefer',
    in: 'header',
    required: false,
    description:
      '`respond-async`: answer 202 at once. `wait=N`: wait up to N seconds (0 to 30, otherwise 5).',
    schema: text,
  },
];

const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  Location: 'Where it is',
  ETag: 'The version, for If-Match and If-None-Match',
};

export function parametersOf(route: Route, schemas: SchemaCollector): Parameter[] {
  return [
    ...fields('path', route.params && schemas.add(route.params), whichOf(route)),
    ...fields('query', route.query && schemas.add(route.query)),
    ...(route.kind === 'command' ? COMMAND_HEADERS : []),
    ...(route.ifMatch ? [ifMatch(route.ifMatch)] : []),
    ...(isConditional(route) ? [ifNoneMatch] : []),
    ...(route.path === '/v1/live' ? [lastEventId] : []),
  ];
}

/** `/v1/tasks/{id}/complete` -> Which one of `/v1/tasks`. */
const whichOf = ({ path }: Route): string => `Which one of \`${path.replace(/\/\{.*/, '')}\``;

function fields(where: 'path' | 'query', schema: JsonSchema | undefined, otherwise?: string): Parameter[] {
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => {
    const description = field.description ?? otherwise;
    return {
      name,
      in: where,
      required: schema?.required?.includes(name) ?? false,
      ...(description !== undefined && { description }),
      schema: field,
    };
  });
}

function ifMatch(need: 'required' | 'optional'): Parameter {
  return {
    name: 'If-Match',
    in: 'header',
    required: need === 'required',
    description:
      'The ETag that was read; 412 when it was changed since. `*` changes it whatever its version is. Of several ETags only one may name a version; more are 400.',
    schema: text,
  };
}

const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag that the client has: 304 and no body while it is the same',
  schema: text,
};

const lastEventId: Parameter = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last frame that arrived: what came after it is sent first',
  schema: text,
};

export function responseHeader(name: string): { description: string; schema: JsonSchema } {
  return { description: RESPONSE_HEADERS[name] ?? name, schema: text };
}
