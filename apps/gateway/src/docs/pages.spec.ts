import { describe, expect, it } from '@jest/globals';
import { PROBLEMS, routes } from '@taskwire/contracts';
import { exampleBodies } from './curl-example.js';
import { errorListPage, errorPage } from './error-pages.js';
import { openApiDocument } from './openapi.js';
import { referencePage } from './reference.js';

const reference = referencePage(openApiDocument('1.2.3'));
const codes = Object.keys(PROBLEMS);

describe('the API reference', () => {
  it('has every route, schema and a guide to live events', () => {
    for (const { path } of routes) expect(reference).toContain(`<code>${path}</code>`);
    expect(reference).toContain('id="schema-Task"');
    expect(reference).toContain('Live events');
    expect(reference).toContain('Last-Event-ID');
  });

  it('has a target for each of its links', () => {
    const ids = new Set([...reference.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...reference.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);

    expect(links.filter((id) => !ids.has(id))).toEqual([]);
  });

  it.each([
    ['the reference', reference],
    ['the list of errors', errorListPage()],
    ['the page of an error', errorPage('not_found') ?? ''],
  ])('loads nothing from elsewhere: %s', (_what, page) => {
    expect(page.match(/<(script|img|iframe|object|embed|video)|@import|url\(| style="/g)).toBeNull();
    const loaded = [...page.matchAll(/<link [^>]*href="([^"]+)"/g)].map(([, href]) => href);
    expect(loaded).toEqual(['data:,', '/docs/style.css']);
  });

  it('shows bodies that the routes take', () => {
    for (const route of routes.filter(({ body }) => body !== undefined)) {
      expect(route.body?.safeParse(exampleBodies[`${route.method} ${route.path}`]).error).toBeUndefined();
    }
  });
});

describe('the error pages', () => {
  it('has one page for every code, and none for others', () => {
    for (const code of codes) expect(errorPage(code)).toContain('What to do');
    expect(errorPage('toString')).toBeUndefined();
    expect(codes.filter((code) => !errorListPage().includes(`/docs/errors/${code}`))).toEqual([]);
  });
});
