import { type ProblemCode, PROBLEMS, type Route, routes, scopeOf } from '@taskwire/contracts';
import { marked } from 'marked';
import { curlExample } from './curl-example.js';
import { guide } from './guide.js';
import { Html, html } from './html.js';
import { tagOf } from './openapi.js';
import type { OpenApiDocument, OpenApiOperation } from './openapi.types.js';
import { page } from './page.js';
import { problemsOf } from './route-problems.js';
import { schemaText } from './schema-text.js';
import { schemaArticle, table } from './tables.js';

/** The API reference as one page, from the same document as /openapi.json. */
export function referencePage(document: OpenApiDocument): string {
  const groups = Object.entries(Object.groupBy(routes, tagOf));
  return page(
    'Taskwire API',
    html`<div class="columns">
      <nav aria-label="Contents">
        <ul>
          ${guide.map(({ id, text }) => html`<li><a href="#${id}">${headingOf(text)}</a></li>`)}
        </ul>
        ${groups.map(
          ([tag, members = []]) =>
            html`<h2>${tag}</h2>
              <ul>
                ${members.map(navEntry)}
              </ul>`,
        )}
        <h2>more</h2>
        <ul>
          <li><a href="#schemas">Schemas</a></li>
          <li><a href="/docs/errors">Errors</a></li>
          <li><a href="/openapi.json">OpenAPI 3.1</a></li>
          <li><a href="/docs/events">Commands and events</a></li>
        </ul>
      </nav>
      <main>
        <h1>Taskwire API</h1>
        ${guide.map(({ id, text }) => html`<section id="${id}">${markdown(text)}</section>`)}
        ${groups.map(
          ([tag, members = []]) =>
            html`<section>
              <h2>${tag}</h2>
              ${members.map((route) => routeArticle(route, document))}
            </section>`,
        )}
        <section id="schemas">
          <h2>Schemas</h2>
          ${Object.entries(document.components.schemas).map(schemaArticle)}
        </section>
      </main>
    </div>`,
  );
}

function routeArticle(route: Route, document: OpenApiDocument): Html {
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  return html`<article id="${anchor(route)}">
    <h3><span class="method">${route.method}</span> <code>${route.path}</code></h3>
    <p>
      ${route.summary}${route.access === 'public' && ' (no token needed)'}${route.access === 'admin' && ' (admins only)'}${scopeNote(route)}
    </p>
    ${operation && details(operation)}
    <h4>Problems</h4>
    <p>${problemLinks(problemsOf(route))}</p>
    <h4>Example</h4>
    <pre><code>${curlExample(route)}</code></pre>
  </article>`;
}

function scopeNote(route: Route): string {
  const scope = route.access === 'public' ? null : scopeOf(route);
  if (scope === null) return '';
  return scope === 'any' ? ' (any API token)' : ` (API token with ${scope})`;
}

function details({ parameters, requestBody, responses }: OpenApiOperation): Html {
  const body = requestBody?.content['application/json']?.schema;
  const successes = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const rows = parameters.map(({ name, in: where, required, schema, description }) => [
    html`<code>${name}</code>`,
    html`${where}${required && ', required'}`,
    html`${schemaText(schema)}${description !== undefined && html`<br />${inline(description)}`}`,
  ]);
  return html`${rows.length > 0 && table(['Parameter', 'In', 'Value'], rows)}
    ${
      body &&
      html`<h4>Body</h4>
        <p>${schemaText(body)}</p>`
    }
    <h4>Answers</h4>
    <ul>
      ${successes.map(
        ([status, { description, content = {} }]) =>
          html`<li>
            ${status}
            ${Object.entries(content).map(([type, { schema }]) => html`${schemaText(schema)} <span class="muted">${type}</span> `)}${status === '202' && description}
          </li>`,
      )}
    </ul>`;
}

function problemLinks(codes: readonly ProblemCode[]): Html {
  return html`${codes.map(
    (code, index) =>
      html`${index > 0 && ', '}<a href="/docs/errors/${code}">${code}</a> (${PROBLEMS[code].status})`,
  )}`;
}

function navEntry(route: Route): Html {
  return html`<li><a href="#${anchor(route)}">${route.method} ${route.path.replace('/v1', '')}</a></li>`;
}

function anchor({ method, path }: Route): string {
  return `${method}${path}`.replace(/[^A-Za-z]+/g, '-').toLowerCase();
}

function headingOf(text: string): string {
  return text.slice(0, text.indexOf('\n')).replace(/^#+ /, '');
}

/** Only for our own text. */
function markdown(text: string): Html {
  return new Html(marked.parse(text, { async: false }));
}

function inline(text: string): Html {
  return new Html(marked.parseInline(text, { async: false }));
}
