import { type Html, html } from '../docs/html.js';

export type AccountPage = 'confirm' | 'reset' | 'email';

interface Form {
  readonly title: string;
  readonly explanation: string;
  /** Where the token is sent, and the answer that the user sees. */
  readonly action: string;
  readonly field: { readonly name: string; readonly label: string; readonly autocomplete: string } | null;
  readonly button: string;
  readonly done: string;
}

const FORMS: Readonly<Record<AccountPage, Form>> = {
  confirm: {
    title: 'Confirm your registration',
    explanation: 'Enter the password that you chose when you registered.',
    action: '/v1/auth/register/confirm',
    field: { name: 'password', label: 'Password', autocomplete: 'current-password' },
    button: 'Confirm',
    done: 'Your account is ready. You can sign in now.',
  },
  reset: {
    title: 'Set a new password',
    explanation: 'Any 8 to 128 characters. All your sessions end.',
    action: '/v1/auth/password-resets/confirm',
    field: { name: 'newPassword', label: 'New password', autocomplete: 'new-password' },
    button: 'Set password',
    done: 'Your password is set. You can sign in with it now.',
  },
  email: {
    title: 'Confirm the change of your email',
    explanation: 'The change counts when it was confirmed at the old and at the new address.',
    action: '/v1/auth/email/confirm',
    field: null,
    button: 'Confirm',
    done: 'Confirmed.',
  },
};

/** What a mailed link opens where no frontend has pages of its own. The script sends the token from behind the `#`. */
export function accountPage(page: AccountPage): string {
  const { title, explanation, action, field, button, done } = FORMS[page];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - Taskwire</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/style.css" />
        <script src="/account/account.js" defer></script>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${explanation}</p>
          <form data-action="${action}" data-done="${done}">
            ${field && fieldOf(field)}
            <p><button>${button}</button></p>
          </form>
          <p id="outcome" role="status"></p>
        </main>
      </body>
    </html> `.text;
}

function fieldOf({ name, label, autocomplete }: NonNullable<Form['field']>): Html {
  return html`<p>
    <label
      >${label} <input name="${name}" type="password" autocomplete="${autocomplete}" maxlength="256" required
    /></label>
  </p>`;
}

/** Runs in the browser. The token leaves the address bar before anything else can read it there. */
export const ACCOUNT_SCRIPT = `'use strict';
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);
const form = document.querySelector('form');
const outcome = document.querySelector('#outcome');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  outcome.textContent = '';
  try {
    const body = JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(form.dataset.action, { method: 'POST', headers, body, credentials: 'omit' });
    if (answer.ok) {
      form.remove();
      outcome.textContent = form.dataset.done;
      return;
    }
    const { title, detail, errors } = await answer.json();
    outcome.textContent = [title, detail, ...(errors ?? []).map((one) => one.detail)].filter(Boolean).join(': ');
  } catch {
    outcome.textContent = 'There was no answer. Try again.';
  }
  button.disabled = false;
});
`;
