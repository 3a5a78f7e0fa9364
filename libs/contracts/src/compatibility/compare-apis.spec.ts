import { describe, expect, it } from '@jest/globals';
import type { JsonSchema } from '../json-schema.js';
import { type Api, apiBreaks } from './compare-apis.js';

const text: JsonSchema = { type: 'string' };
const note = (fields: Readonly<Record<string, JsonSchema>> = {}): JsonSchema => ({
  type: 'object',
  properties: { title: text, ...fields },
  required: ['title'],
});
type Operation = Api['paths'][string][string];
const json = (schema: JsonSchema) => ({ 'application/json': { schema } });

function api(changed: Partial<Operation> = {}, answered = note()): Api {
  const operation: Operation = {
    security: [],
    parameters: [{ name: 'page', in: 'query', required: false, schema: { type: 'integer', maximum: 9 } }],
    requestBody: { required: true, content: json({ ...note(), additionalProperties: false }) },
    responses: {
      200: { headers: { ETag: {} }, content: json({ $ref: '#/components/schemas/Note' }) },
      404: { content: json(note()) },
    },
    ...changed,
  };
  return { paths: { '/notes': { post: operation } }, components: { schemas: { Note: answered } } };
}

const answer = { headers: { ETag: {} }, content: json(note()) };
const parameter = (over: object) => ({
  parameters: [{ name: 'page', in: 'query', required: false, schema: { type: 'integer' }, ...over }],
});
const body = (schema: JsonSchema) => ({ requestBody: { required: true, content: json(schema) } });

describe('apiBreaks', () => {
  it.each([
    ['nothing changed', api()],
    ['a parameter takes more', api(parameter({}))],
    [
      'the body has one more optional field',
      api(body({ ...note({ a: text }), additionalProperties: false })),
    ],
    ['the answer has one more field', api({}, note({ a: text }))],
    ['a problem is gone', api({ responses: { 200: answer } })],
  ])('finds none when %s', (_what, after) => {
    expect(apiBreaks(api(), after)).toEqual([]);
  });

  it.each([
    ['was removed', { ...api(), paths: {} }],
    ['needs a token now', api({ security: [{}] })],
    ['query parameter page was removed', api({ parameters: [] })],
    ['query parameter page is required now', api(parameter({ required: true }))],
    ['query parameter page: integer was removed from the types', api(parameter({ schema: text }))],
    [
      'the body at /size: a new required field',
      api(body({ ...note({ size: text }), required: ['title', 'size'] })),
    ],
    ['is not answered with 200 any more', api({ responses: {} })],
    ['200 lost its header ETag', api({ responses: { 200: { content: json(note()) } } })],
    ['200 is no application/json any more', api({ responses: { 200: { headers: { ETag: {} } } } })],
    ['200 at /title: the field was removed', api({}, { type: 'object', properties: {} })],
    ['200 at /title: the field became optional', api({}, { ...note(), required: [] })],
  ])('finds "%s"', (what, after) => {
    expect(apiBreaks(api(), after)).toContain(`POST /notes: ${what}`);
  });
});
