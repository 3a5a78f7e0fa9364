import type { AsyncApiDocument, AsyncApiMessage, AsyncApiOperation } from '@taskwire/contracts/asyncapi';
import { HEADER_SPELLING } from '@taskwire/contracts/asyncapi';
import type { JsonSchema } from '@taskwire/contracts/json-schema';
import { type Html, html } from './html.js';
import { page } from './page.js';
import { schemaText } from './schema-text.js';
import { fieldTable, schemaArticle, table } from './tables.js';

const HEADERS = 'headers.';

/** Commands and events as one page, from the same document as /asyncapi.json. */
export function eventsPage(document: AsyncApiDocument): string {
  const topics = Object.entries(document.channels).filter(([, { address }]) => address !== null);
  const schemas = Object.entries(document.components.schemas);
  const named = schemas.filter(([name]) => !name.startsWith(HEADERS));
  const headers = schemas.filter(([name]) => name.startsWith(HEADERS));
  return page(
    'Taskwire events',
    html`<div class="columns">
      <nav aria-label="Contents">
        <ul>
          <li><a href="/docs">API</a></li>
          <li><a href="#wire">On the wire</a></li>
        </ul>
        ${topics.map(
          ([topic, { messages }]) =>
            html`<h2>${topic}</h2>
              <ul>
                ${Object.keys(messages).map((type) => html`<li><a href="#${type}">${type}</a></li>`)}
              </ul>`,
        )}
        <h2>more</h2>
        <ul>
          <li><a href="#headers">Headers</a></li>
          <li><a href="#schemas">Schemas</a></li>
          <li><a href="/asyncapi.json">AsyncAPI 3.0</a></li>
        </ul>
      </nav>
      <main>
        <h1>Taskwire events</h1>
        <section id="wire">
          <h2>On the wire</h2>
          ${document.info.description.split('\n').map((line) => html`<p>${line}</p>`)}
          ${table(
            ['Broker', 'Headers'],
            Object.entries(HEADER_SPELLING).map(([broker, spelling]) => [html`${broker}`, html`${spelling}`]),
          )}
        </section>
        ${topics.map(
          ([topic, { description, messages }]) =>
            html`<section>
              <h2>${topic}</h2>
              <p>${description}.</p>
              ${Object.keys(messages).map((type) => messageArticle(type, topic, document))}
            </section>`,
        )}
        <section id="headers">
          <h2>Headers</h2>
          ${headers.map(schemaArticle)}
        </section>
        <section id="schemas">
          <h2>Schemas</h2>
          ${named.map(schemaArticle)}
        </section>
      </main>
    </div>`,
  );
}

function messageArticle(type: string, topic: string, document: AsyncApiDocument): Html {
  const message = document.components.messages[type];
  if (message === undefined) return html``;
  const operations = Object.entries(document.operations).filter(([, { messages }]) =>
    messages.some(({ $ref }) => $ref === `#/channels/${topic}/messages/${type}`),
  );
  const receivers = operations.filter(([, { action }]) => action === 'receive');
  const [example] = message.examples ?? [];
  return html`<article id="${type}">
    <h3><code>${type}</code></h3>
    <p>${message.summary}. Partition key: <code>${message['x-partition-key'] ?? ''}</code>.</p>
    <ul>
      ${receivers.map(([name, { summary }]) => html`<li><code>${name.split('.receives.')[0]}</code>: ${summary}</li>`)}
    </ul>
    ${fieldTable(message.payload)}${replies(type, operations, document.components.messages)}
    ${
      example &&
      html`<h4>Example</h4>
        <pre><code>${JSON.stringify(example.payload, null, 2)}</code></pre>`
    }
  </article>`;
}

function replies(
  type: string,
  operations: readonly (readonly [string, AsyncApiOperation])[],
  messages: Readonly<Record<string, AsyncApiMessage>>,
): Html | false {
  if (!operations.some(([, { reply }]) => reply !== undefined)) return false;
  const reply = messages[`${type}.reply`];
  const codes = codesOf(messages[`${type}.rejection`]?.payload);
  return html`<h4>Reply</h4>
    <p>
      ${reply && schemaText(reply.payload)}${codes.length > 0 && '; or rejected as '}${codes.map(
        (code, index) => html`${index > 0 && ', '}<a href="/docs/errors/${code}">${code}</a>`,
      )}
    </p>`;
}

function codesOf(problem: JsonSchema | undefined): string[] {
  return problem?.properties?.code?.enum?.map(String) ?? [];
}
