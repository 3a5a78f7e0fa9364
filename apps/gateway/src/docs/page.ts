import { type Html, html } from './html.js';

/** A page that loads nothing but its own style sheet. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dce3, #363c47); --soft: light-dark(#f4f6f9, #1d2129);
  --text: light-dark(#1b1f27, #e4e7ec); --faint: light-dark(#5a6372, #9aa4b3); --link: light-dark(#0b57c2, #7fb0ff);
  --page: light-dark(#fff, #14171c); }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--page); }
a { color: var(--link); }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; overflow-x: auto; }
.columns { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--faint); margin: 1.25rem 0 .25rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: .15rem 0; text-decoration: none; overflow-wrap: anywhere; font-size: .9rem; }
main { padding: 1.5rem clamp(1rem, 4vw, 3rem); max-width: 60rem; }
section { padding-bottom: 1rem; }
article { border-top: 1px solid var(--line); padding: 1rem 0 1.5rem; }
article h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.2em; font-weight: 700; }
.muted { color: var(--faint); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: break-word; }
td:not(:last-child) { white-space: nowrap; }
h4 { margin: 1rem 0 .25rem; font-size: .9rem; }
@media (max-width: 50rem) { .columns { display: block; } nav { position: static; height: auto; border: 0; } }
`;
