import type { MailboxMessage } from '../generated/prisma/client.js';

type Heading = Pick<MailboxMessage, 'id' | 'recipient' | 'subject' | 'receivedAt'>;

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d2733; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #d5dbe1; overflow-wrap: anywhere; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f5f7; padding: 1rem; }
  a { color: #0b57a4; }`;

export function mailboxPage(messages: readonly Heading[]): string {
  const rows = messages.map(
    ({ id, recipient, subject, receivedAt }) =>
      `<tr><td>${time(receivedAt)}</td><td>${escape(recipient)}</td>` +
      `<td><a href="/mailbox/${escape(id)}">${escape(subject)}</a></td></tr>`,
  );
  const list = `<table><thead><tr><th>Received</th><th>To</th><th>Subject</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return page('Mailbox', messages.length === 0 ? '<p>No email yet.</p>' : list);
}

export function messagePage({ recipient, subject, headers, text, receivedAt }: MailboxMessage): string {
  const all = { To: recipient, Date: receivedAt.toUTCString(), ...(headers as Record<string, string>) };
  const rows = Object.entries(all).map(
    ([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`,
  );
  return page(
    subject,
    `<p><a href="/mailbox">All emails</a></p><table><tbody>${rows.join('')}</tbody></table><pre>${escape(text)}</pre>`,
  );
}

function page(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escape(title)} - Taskwire</title><style>${STYLE}</style></head><body><h1>${escape(title)}</h1>${body}</body></html>`
  );
}

function time(at: Date): string {
  return `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace('T', ' ')} UTC</time>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
