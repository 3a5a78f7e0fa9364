import type { JsonSchema } from '@taskwire/contracts/json-schema';
import { type Html, html } from './html.js';
import { schemaText } from './schema-text.js';

export function schemaArticle([name, schema]: [string, JsonSchema]): Html {
  return html`<article id="schema-${name}">
    <h3>${name}</h3>
    ${fieldTable(schema)}
  </article>`;
}

export function fieldTable(schema: JsonSchema): Html {
  const rows = Object.entries(schema.properties ?? {}).map(([field, value]) => [
    html`<code>${field}</code>`,
    html`${schema.required?.includes(field) === true ? 'required' : 'optional'}`,
    html`${schemaText(value)}${value.default !== undefined && `, default ${JSON.stringify(value.default)}`}${described(value)}`,
  ]);
  return table(['Field', '', 'Value'], rows);
}

function described({ description }: JsonSchema): Html | false {
  return description !== undefined && html`<br /><span class="muted">${description}</span>`;
}

export function table(heads: readonly string[], rows: readonly (readonly Html[])[]): Html {
  return html`<table>
    <thead>
      <tr>
        ${heads.map((head) => html`<th>${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
