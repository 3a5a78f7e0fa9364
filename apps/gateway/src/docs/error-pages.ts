import { type ProblemCode, PROBLEMS } from '@taskwire/contracts';
import { ADVICE } from './error-advice.js';
import { html } from './html.js';
import { page } from './page.js';

const codes = Object.keys(PROBLEMS) as ProblemCode[];

export function errorListPage(): string {
  const rows = codes
    .toSorted((a, b) => PROBLEMS[a].status - PROBLEMS[b].status)
    .map(
      (code) =>
        html`<tr>
          <td>${PROBLEMS[code].status}</td>
          <td>
            <a href="/docs/errors/${code}"><code>${code}</code></a>
          </td>
          <td>${PROBLEMS[code].title}</td>
        </tr>`,
    );
  return page(
    'Taskwire errors',
    html`<main>
      <p><a href="/docs">API</a></p>
      <h1>Errors</h1>
      <p>Every error is <code>application/problem+json</code> with one of these codes.</p>
      <table>
        <thead>
          <tr>
            <th>Status</th>
            <th>Code</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </main>`,
  );
}

/** The page that a problem's `type` leads to; undefined for a code that there isn't. */
export function errorPage(code: string): string | undefined {
  const known = codes.find((one) => one === code);
  if (known === undefined) return undefined;
  const { status, title } = PROBLEMS[known];
  return page(
    `${code} - Taskwire errors`,
    html`<main>
      <p><a href="/docs/errors">Errors</a></p>
      <h1><code>${code}</code></h1>
      <p>${title}. HTTP status ${status}.</p>
      <h2>What to do</h2>
      <p>${ADVICE[known]}</p>
    </main>`,
  );
}
