import { describe, expect, it } from '@jest/globals';
import { requestHash } from './request-hash.js';

const request = {
  method: 'POST',
  path: '/v1/tasks',
  ifMatch: undefined,
  body: { title: 'A', labels: ['x'] },
};

describe('requestHash', () => {
  it('does not depend on the order of members', () => {
    expect(requestHash({ ...request, body: { labels: ['x'], title: 'A' } })).toBe(requestHash(request));
  });

  it.each([['\ud800'], [JSON.parse('[1e999]')]])('refuses a body without a canonical form: %j', (body) => {
    expect(() => requestHash({ ...request, body })).toThrow(/well-formed/);
  });

  it.each([
    ['body', { body: { title: 'B', labels: ['x'] } }],
    ['order in a list', { body: { title: 'A', labels: ['x', 'y'] } }],
    ['default spelled out', { body: { ...request.body, priority: 'medium' } }],
    ['method', { method: 'PUT' }],
    ['path', { path: '/v1/tasks/1' }],
    ['If-Match', { ifMatch: '"1"' }],
    ['missing body', { body: undefined }],
  ])('differs with another %s', (_what, change) => {
    expect(requestHash({ ...request, ...change })).not.toBe(requestHash(request));
  });
});
