import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { routes } from '@taskwire/contracts';
import { type Api, apiBreaks } from '@taskwire/contracts/compatibility';
import { openApiDocument } from './openapi.js';

const document = openApiDocument('1.2.3');
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

describe('openApiDocument', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
  });

  it('has every route, each with an id of its own', () => {
    expect(operations).toHaveLength(routes.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
  });

  it('breaks no client of the published one', async () => {
    const file = new URL('../../published/openapi.v1.json', import.meta.url);
    const published = JSON.parse(await readFile(file, 'utf8')) as Api;

    expect(apiBreaks(published, document)).toEqual([]);
  });

  it('marks a route that is to end', () => {
    const [route] = routes;
    const ending = { since: new Date(), sunset: new Date(), link: '/docs' };
    const { paths } = openApiDocument('1', route ? [{ ...route, deprecated: ending }] : []);

    expect(Object.values(Object.values(paths)[0] ?? {})[0]?.deprecated).toBe(true);
    expect(operations.filter(({ deprecated }) => deprecated)).toEqual([]);
  });

  it('points only to schemas that it has', () => {
    const targets = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
    const missing = [...targets].filter(([, name = '']) => !(name in document.components.schemas));

    expect(missing).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('$defs');
  });

  it('says of each write whether it heeds an Idempotency-Key', () => {
    for (const route of routes.filter(({ method, kind }) => method !== 'GET' && kind !== 'local')) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()];
      const takesKey = operation?.parameters.some(({ name }) => name === 'Idempotency-Key');
      const ignoresKey = operation?.description?.includes('Idempotency-Key is ignored') ?? false;
      expect([route.path, takesKey, ignoresKey]).toEqual([
        route.path,
        route.kind === 'command',
        route.kind === 'secret',
      ]);
    }
  });

  it('says how a command may be answered', () => {
    const create = document.paths['/v1/tasks']?.post;

    expect(Object.keys(create?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '202', '400', '401', '409', '422', '429', '503', '504']),
    );
    expect(create?.parameters.map(({ name }) => name)).toEqual(['Idempotency-Key', 'Prefer']);
    for (const path of ['/v1/auth/me', '/v1/webhooks/{id}']) {
      expect(document.paths[path]?.patch?.description).toContain('answered with what there is by then');
    }
    expect(create?.description).not.toContain('by then');
    expect(create?.requestBody?.content['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/CreateTask',
    });
  });
});
