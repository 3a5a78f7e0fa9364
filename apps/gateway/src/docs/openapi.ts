import {
  accountRoutes,
  isConditional,
  Operation,
  PROBLEMS,
  ProblemBody,
  type Route,
  routes,
  scopeOf,
  webhookRoutes,
} from '@taskwire/contracts';
import { guide } from './guide.js';
import { type JsonSchema, SchemaCollector } from '@taskwire/contracts/json-schema';
import type { Content, OpenApiDocument, OpenApiOperation, Response } from './openapi.types.js';
import { parametersOf, responseHeader } from './parameters.js';
import { problemsOf } from './route-problems.js';

const TAGS: Readonly<Record<string, string>> = {
  auth: 'Accounts, sessions and tokens',
  admin: 'All accounts, for administrators',
  tasks: 'Tasks',
  notifications: 'Notifications and their preferences',
  webhooks: 'Events sent to a URL of yours',
  live: 'Live events',
  analytics: 'Statistics',
  operations: 'What became of a write that was answered with 202 or 504',
  keys: 'Public keys',
};

const NO_KEY =
  'Carries credentials, so it is no command: an Idempotency-Key is ignored, and a repeat is done again.';

/** The OpenAPI 3.1 document of these routes, made from the contracts alone. Default: the public API. */
export function openApiDocument(version: string, described: readonly Route[] = routes): OpenApiDocument {
  const schemas = new SchemaCollector();
  const problem = schemas.add(ProblemBody);
  const operation = schemas.add(Operation);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of described) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemas, problem, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Taskwire',
      version,
      description: guide.map(({ text }) => text).join('\n\n'),
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiToken: { type: 'http', scheme: 'bearer', bearerFormat: 'tw_...' },
      },
    },
  };
}

function operationOf(
  route: Route,
  schemas: SchemaCollector,
  problem: JsonSchema,
  operation: JsonSchema,
): OpenApiOperation {
  const notes = notesOf(route);
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(notes !== '' && { description: notes }),
    ...(route.deprecated && { deprecated: true }),
    tags: [tagOf(route)],
    security: securityOf(route),
    parameters: parametersOf(route, schemas),
    ...(route.body && { requestBody: { required: true, content: json(schemas.add(route.body)) } }),
    responses: {
      [route.success.status]: successOf(route, schemas),
      ...(isConditional(route) && {
        304: { description: 'As If-None-Match has it', headers: { ETag: responseHeader('ETag') } },
      }),
      ...(route.accepted !== undefined && { 202: { description: route.accepted } }),
      ...(route.kind === 'command' && {
        202: {
          description: 'Taken, but not ended within the wait; the operation in Location tells the outcome',
          headers: { Location: responseHeader('Location') },
          content: json(operation),
        },
      }),
      ...problemResponses(route, problem),
    },
  };
}

function successOf(route: Route, schemas: SchemaCollector): Response {
  const { success } = route;
  const headers = new Set([...(route.headers ?? []), ...(isConditional(route) ? ['ETag'] : [])]);
  return {
    description: 'Success',
    ...(headers.size > 0 && {
      headers: Object.fromEntries([...headers].map((name) => [name, responseHeader(name)])),
    }),
    ...(success.body && { content: json(schemas.add(success.body)) }),
    ...(success.contentType && { content: { [success.contentType]: { schema: { type: 'string' } } } }),
  };
}

/** One response a status; its description names the codes. */
function problemResponses(route: Route, problem: JsonSchema): Record<string, Response> {
  const responses: Record<string, Response> = {};
  for (const code of problemsOf(route)) {
    const { status, title } = PROBLEMS[code];
    const before = responses[status]?.description;
    responses[status] = {
      description: `${before === undefined ? '' : `${before}; `}\`${code}\`: ${title}`,
      content: { 'application/problem+json': { schema: problem } },
    };
  }
  return responses;
}

function json(schema: JsonSchema): Content {
  return { 'application/json': { schema } };
}

/** Scopes stand in the description: in OpenAPI, those of bearer tokens are nobody's. */
function securityOf(route: Route): OpenApiOperation['security'] {
  if (route.access === 'public') return [];
  return [{ accessToken: [] }, ...(scopeOf(route) === null ? [] : [{ apiToken: [] }])];
}

/** Their answers hold what never crosses the bus, and so isn't kept with the command. */
const READ_AFTERWARDS: ReadonlySet<Route> = new Set([accountRoutes.updateMe, webhookRoutes.update]);
const ANSWERED_AS_IT_IS =
  'A repeat with the same Idempotency-Key changes nothing and is answered with what there is by then, which may have changed since the first answer.';

function notesOf(route: Route): string {
  const scope = scopeOf(route);
  const isNamed = route.access !== 'public' && scope !== null && scope !== 'any';
  return [
    ...(route.kind === 'secret' && route.method !== 'GET' ? [NO_KEY] : []),
    ...(READ_AFTERWARDS.has(route) ? [ANSWERED_AS_IT_IS] : []),
    ...(isNamed ? [`An API token needs the scope \`${scope}\`.`] : []),
  ].join(' ');
}

/** `GET /v1/tasks/{id}` -> `get_tasks_id`. */
function operationId({ method, path }: Route): string {
  const words = path.replace(/^\/v1\//, '').match(/[a-z]+/gi) ?? [];
  return [method.toLowerCase(), ...words].join('_');
}

export function tagOf({ path }: Route): string {
  const [, tag = 'keys'] = /^\/v1\/([a-z]+)/.exec(path) ?? [];
  return tag;
}
