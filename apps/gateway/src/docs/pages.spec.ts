import { describe, expect, it } from '@jest/globals';
import { contracts, PROBLEMS, routes, subscriptions } from '@taskwire/contracts';
import { asyncApiDocument } from '@taskwire/contracts/asyncapi';
import { exampleBodies } from './curl-example.js';
import { errorListPage, errorPage } from './error-pages.js';
import { eventsPage } from './events-page.js';
import { openApiDocument } from './openapi.js';
import { referencePage } from './reference.js';

const reference = referencePage(openApiDocument('1.2.3'));
const events = eventsPage(asyncApiDocument('1.2.3', contracts, subscriptions));
const codes = Object.keys(PROBLEMS);

describe('the API reference', () => {
  it('has every route, schema and a guide to live events', () => {
    for (const { path } of routes) expect(reference).toContain(`<code>${path}</code>`);
    expect(reference).toContain('id="schema-Task"');
    expect(reference).toContain('Live events');
    expect(reference).toContain('Last-Event-ID');
  });

  it.each([
    ['the reference', reference],
    ['the events', events],
  ])('has a target for each of its links: %s', (_what, page) => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);

    expect(links.filter((id) => !ids.has(id))).toEqual([]);
  });

  it.each([
    ['the reference', reference],
    ['the events', events],
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

describe('the page of events', () => {
  it('has every message with who receives it, and is linked from the reference', () => {
    for (const { type } of contracts) expect(events).toContain(`<article id="${type}">`);
    for (const { name } of subscriptions) expect(events).toContain(`<code>${name}</code>`);
    expect(reference).toContain('href="/docs/events"');
  });

  it('says what a command may be answered with', () => {
    const [, create = ''] = events.split('<article id="task.create.v1">');
    expect(create.split('</article>')[0]).toMatch(
      /#schema-TaskReply">TaskReply<[^]*\/docs\/errors\/already_exists/,
    );
  });
});

describe('the error pages', () => {
  it('has one page for every code, and none for others', () => {
    for (const code of codes) expect(errorPage(code)).toContain('What to do');
    expect(errorPage('toString')).toBeUndefined();
    expect(codes.filter((code) => !errorListPage().includes(`/docs/errors/${code}`))).toEqual([]);
  });
});
