import { openApiDocument } from '@taskwire/gateway';
import type { JsonSchema } from '@taskwire/contracts/json-schema';
import fc from 'fast-check';
import { junk, spoiled, valuesOf } from './values.ts';

type Document = ReturnType<typeof openApiDocument>;
type Operation = NonNullable<Document['paths'][string]>[string];

/** A request as it is drawn. */
export interface Drawn {
  readonly method: string;
  /** As in OpenAPI, for example `/v1/tasks/{id}`. */
  readonly template: string;
  /** What stands for the parameter of the path, as it is sent; a number means an id of an earlier answer. */
  readonly id: string | number;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly isSignedIn: boolean;
}

const document = openApiDocument('0.0.0');
const { schemas } = document.components;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND'];
const TYPES = [
  ...[
    'application/json; charset=utf-16',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ],
  ...['application/merge-patch+json', 'application/problem+json', 'json', ''],
];
/** Header values that Node's client sends at all. */
const headerText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'aZ09"*,;=/ \t-_.%') }),
  fc.constantFrom(
    '*',
    '"1"',
    'W/"1"',
    '"1", "2"',
    '"',
    'wait=1',
    'wait=-1',
    'respond-async',
    'x'.repeat(5_000),
    'é',
  ),
);

/** Mostly what the API describes, and near it what it does not. */
export const request: fc.Arbitrary<Drawn> = fc
  .constantFrom(
    ...Object.entries(document.paths).flatMap(([template, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ template, method, operation })),
    ),
  )
  .filter(({ operation }) => !isStream(operation))
  .chain(({ template, method, operation }) =>
    fc.record({
      method: rarely(fc.constantFrom(...METHODS), fc.constant(method.toUpperCase())),
      template: rarely(fc.constantFrom('/v1', '/v1/', '/v1/task', '/%2e%2e/v1/tasks'), fc.constant(template)),
      id: idTexts,
      query: queryOf(operation),
      headers: headersOf(operation),
      body: bodyOf(operation),
      isSignedIn: rarely(fc.constant(false), fc.constant(true)),
    }),
  );

const isStream = ({ responses }: Operation): boolean =>
  Object.values(responses).some(({ content }) => content?.['text/event-stream']);

const idTexts: fc.Arbitrary<string | number> = fc.oneof(
  { weight: 6, arbitrary: fc.nat() },
  { weight: 1, arbitrary: fc.uuid() },
  {
    weight: 2,
    arbitrary: fc.oneof(junk.map(urlText), fc.constantFrom('%00', '%zz', '%E0%A4%A', '..%2f', '%', 'a%2fb')),
  },
);

function queryOf({ parameters }: Operation): fc.Arbitrary<string> {
  const known = parameters.filter((one) => one.in === 'query');
  const pairs = known.map(({ name, schema }) =>
    fc.option(
      fc.oneof(valuesOf(schema, schemas), junk).map((value) => `${name}=${urlText(value)}`),
      { nil: '' },
    ),
  );
  const strange = rarely(
    fc.constantFrom(
      'page=1&page=2',
      'unknown=1',
      '%=%',
      '&&',
      'limit[]=1',
      'q=%ff',
      `q=${'z'.repeat(9_000)}`,
    ),
    fc.constant(''),
  );
  return fc.tuple(...pairs, strange).map((all) => all.filter((text) => text !== '').join('&'));
}

/** What makes a request with this header go further than its first check. */
const USEFUL: Readonly<Record<string, readonly string[]>> = {
  'If-Match': ['*', '"1"'],
  'If-None-Match': ['*', '"1"'],
  'Idempotency-Key': ['one', 'another'],
  Prefer: ['respond-async', 'wait=1'],
};

const oneOf = (useful: readonly string[] = []): fc.Arbitrary<string> =>
  useful.length === 0 ? headerText : fc.oneof(headerText, fc.constantFrom(...useful));

function headersOf({ parameters }: Operation): fc.Arbitrary<Record<string, string>> {
  const known = parameters
    .filter((one) => one.in === 'header')
    .map(({ name }) => [name, oneOf(USEFUL[name])] as const);
  return fc.record(
    {
      ...Object.fromEntries(known),
      'content-type': rarely(fc.constantFrom(...TYPES), fc.constant('application/json')),
      'content-encoding': rarely(fc.constantFrom('gzip', 'br', 'x'), fc.constant('identity')),
      accept: rarely(headerText, fc.constant('application/json')),
      'x-forwarded-for': headerText,
      traceparent: headerText,
    },
    { requiredKeys: ['content-type'] },
  );
}

/** Where no body belongs. */
const unsolicited = fc.oneof(junk.map(text), fc.constantFrom('[1e999]', '{"a":"\\ud800"}', '{', '"'));

function bodyOf({ requestBody }: Operation): fc.Arbitrary<string | undefined> {
  const schema: JsonSchema | undefined = requestBody?.content['application/json']?.schema;
  if (!schema) return rarely(unsolicited, fc.constant(undefined));
  const values = valuesOf(schema, schemas);
  const texts = fc.oneof(
    { weight: 4, arbitrary: values.map(text) },
    { weight: 4, arbitrary: spoiled(values).map(text) },
    { weight: 1, arbitrary: junk.map(text) },
    { weight: 1, arbitrary: fc.tuple(values, fc.nat(60)).map(([value, at]) => text(value).slice(0, at)) },
    { weight: 1, arbitrary: values.map((value) => text(value).replace('{', '{"title":"a","title":1,')) },
    { weight: 1, arbitrary: values.map((value) => `\ufeff${text(value)}`) },
  );
  return rarely(fc.constant(undefined), texts);
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function urlText(value: unknown): string {
  return encodeURIComponent(text(value).replaceAll('"', '').slice(0, 2_000).toWellFormed());
}

function rarely<T>(rare: fc.Arbitrary<T>, usual: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 1, arbitrary: rare }, { weight: 9, arbitrary: usual });
}
