export interface Section {
  readonly id: string;
  /** Markdown: paragraphs, `##` headings, lists, code; the first line is the heading. */
  readonly text: string;
}

/** What the reference can't say route by route. Shown at /docs and as the description of /openapi.json. */
export const guide: readonly Section[] = [
  {
    id: 'requests',
    text: `## Requests
Bodies are JSON (1 MiB at most), times are RFC 3339, ids are UUIDs. Send the access token as \`Authorization: Bearer <token>\`; it is valid for 10 minutes, \`POST /v1/auth/refresh\` gives the next one. A query parameter or a field of a body that a route doesn't know is refused with 400. Each user may make 300 requests a minute and each address 600; the \`RateLimit\` headers say what is left.`,
  },
  {
    id: 'accounts',
    text: `## Accounts and sessions
A password has 8 to 128 characters of any kind; the most common ones, and those made of your name or address, are refused. Changing it ends all other sessions.

A sign-in begins a session, with an access token for 10 minutes and a refresh token for 30 days. \`POST /v1/auth/refresh\` exchanges the refresh token for the next pair. It works once: keep the new one. Who lost the answer, or asked several times at once, gets the same pair again within 10 seconds, as long as the new refresh token wasn't used. A refresh token that comes again after that was stolen from somebody: its session ends, and both holders have to sign in.

\`GET /v1/auth/sessions\` lists where an account is signed in; \`DELETE\` ends one of them, or all others. A session that ended is refused by every service, and its live connections are closed, within 5 seconds. An account has 100 sessions at most; one more ends the one that was used longest ago.

Where registrations are confirmed by mail, \`POST /v1/auth/register\` answers 202 whether or not the address has an account. The mailed link opens a page of yours (\`ACCOUNT_URL\`) with the token behind \`#token=\`: send it, with the password, to \`POST /v1/auth/register/confirm\`, which signs in. Tokens that are mailed work once and for a limited time: a day, one hour for a new password.

\`POST /v1/auth/me/email\` changes the address once both the old and the new one have confirmed it. \`GET /v1/auth/me/export\` is all that is stored of you; \`POST /v1/auth/me/deletion\` deletes it with the account, for good.`,
  },
  {
    id: 'second-factor',
    text: `## Second factor
\`POST /v1/auth/me/second-factor\` gives a secret for an authenticator app (TOTP), and \`confirm\` with a first code of it adds the second factor; it answers ten recovery codes, each of which stands for a code once. From then on \`POST /v1/auth/login\` answers 403 \`second_factor_needed\` with a \`challenge\`: send it with a code to \`POST /v1/auth/login/second-factor\` within 5 minutes. Changing the password, making an API token and removing the second factor need a fresh \`code\` too. A code counts once; after five wrong ones in a row you have to wait, unless you use a recovery code. \`POST /v1/auth/me/second-factor/recovery-codes\` makes ten new ones, and the old ones no longer count. Who has lost all of it asks an administrator: \`POST /v1/admin/users/{id}/second-factor/reset\` removes the second factor and ends all sessions. The owner is told by mail when a second factor is added or removed, when recovery codes are renewed and when an API token is made.`,
  },
  {
    id: 'passkeys',
    text: `## Passkeys
A passkey (WebAuthn) is a second factor beside or instead of an authenticator app. \`POST /v1/auth/me/passkeys/options\` with the password, and a code where there is a second factor, answers \`publicKey\`: give it to \`PublicKeyCredential.parseCreationOptionsFromJSON\` and the result to \`navigator.credentials.create\`, and send what comes of it, as \`toJSON()\` has it, with a name to \`POST /v1/auth/me/passkeys\`. The first second factor of an account answers ten recovery codes.

At a login, send the \`challenge\` of \`second_factor_needed\` to \`POST /v1/auth/login/passkey/options\`, and then, with what \`navigator.credentials.get\` answered, to \`POST /v1/auth/login/passkey\`. Where a fresh \`code\` is needed, \`POST /v1/auth/me/passkeys/code/options\` and \`code\` exchange the answer of a passkey for one that counts once, for 5 minutes. \`GET /v1/auth/me/passkeys\` lists them, \`PATCH\` gives one another name, \`POST /v1/auth/me/passkeys/{id}/remove\` removes it. Each challenge counts once, for 5 minutes; an account has 20 passkeys at most. Where an operator hasn't set the domain of passkeys, these routes answer \`passkeys_off\`.`,
  },
  {
    id: 'api-tokens',
    text: `## API tokens
A script uses an API token in the place of an access token. \`POST /v1/auth/api-tokens\` makes one with a name, an expiry of up to a year and the scopes that it needs; it begins with \`tw_\`, and is told once. What scope a route needs stands with it below; a token that lacks it is answered 403 \`forbidden\`. Accounts, sessions and tokens themselves can't be reached with one. \`GET /v1/auth/api-tokens\` lists them with when they were last used; \`DELETE\` revokes one, which every service knows within 5 seconds. An account has 50 at most.`,
  },
  {
    id: 'writes',
    text: `## Writes
A write becomes a command on the message bus. The answer is the result when it comes within 5 seconds (\`Prefer: wait=N\` changes that), else 202 with the operation in \`Location\`; \`Prefer: respond-async\` asks for the 202 at once. Read the operation until its status is no longer \`pending\`: a done one has the result, and in \`location\` where it is; \`DELETE\` cancels it if it has not run. Operations are known for 7 days.

Send an \`Idempotency-Key\` (a UUID is good) and a repeat after a lost answer is not done twice: it gets the first answer again, with \`Idempotency-Replayed: true\` (\`PATCH /v1/auth/me\` and \`PATCH /v1/webhooks/{id}\` answer with profile and webhook as they are by then). Without one, the gateway makes a key and returns it in each answer. The same key with another request is refused with 422. After \`failed\`, \`expired\` or \`cancelled\`, use a new key.

\`PATCH\` and \`DELETE\` of a task need \`If-Match\` with the \`ETag\` that you read, so that nobody's change is lost; \`If-Match: *\` changes it whatever its version is.`,
  },
  {
    id: 'live-events',
    text: `## Live events
What happens to your tasks is pushed as it happens, over server-sent events (\`GET /v1/live\`) or a WebSocket (\`/v1/live/ws\`).

- A client that can send headers uses \`Authorization: Bearer <token>\` with \`GET /v1/live\`.
- A browser's EventSource and WebSocket can't: \`POST /v1/live/tickets\` gives a ticket for one connection within 30 seconds, sent as \`?ticket=<ticket>\`.

Each frame has an \`id\` (a number that grows by one for each of your notifications), an \`event\` (the event's name, for example \`task.created.v1\`) and \`data\` (the notification). A WebSocket message is the same as JSON: \`{"id": 7, "event": "task.created.v1", "data": {...}}\`; its first message has the \`id\` alone and says where you are.

To miss nothing, connect again with the id of the last frame, as the header \`Last-Event-ID\` or as \`?lastEventId=7\`: what came meanwhile is sent first, in order, then the live frames go on, at whichever gateway. An EventSource that used a ticket needs a new one to connect again.

A frame with the event \`reset\` comes instead of frames that can't be sent again, up to its \`id\`: read again what you show. Its \`data.reason\` is \`behind\` (more than 5,000 were missed), \`gone\` (they are not kept any more) or \`ahead\` (your id is higher than any).

A connection ends when its access token expires (\`expired\`) or its session ends (\`revoked\`; WebSocket code 4401 for both: get a new ticket), when the gateway shuts down (\`shutdown\`, 1001) or the feed can't be read (\`unavailable\`, 1013). Before, a frame without an id says so: the event \`closed\`, its \`data\` \`{"reason", "reconnectMs"}\`; where it has \`reconnectMs\`, connect again after so long (over server-sent events also as \`retry\`). A client that reads too slowly is cut off without a word: it resumes like any other. A comment or a ping comes every 15 seconds. A user can have 10 connections. A page of another origin is refused with 403 unless \`CORS_ORIGINS\` has it.

\`\`\`
curl -N -H "Authorization: Bearer $TOKEN" http://localhost:3000/v1/live
\`\`\``,
  },
  {
    id: 'webhooks',
    text: `## Webhooks
\`POST /v1/webhooks\` has events of your tasks sent to an https URL of yours, after [Standard Webhooks](https://www.standardwebhooks.com). The body is \`{"type", "timestamp", "data"}\`, where \`data\` is what [the page of events](/docs/events) says of the type. Verify it with the library of your language: \`webhook-signature\` is \`v1,\` and the base64 of the HMAC-SHA256 of \`<webhook-id>.<webhook-timestamp>.<body>\`, under the secret that the answer tells once.

Answer 2xx within 15 seconds. Anything else, a redirect too, is tried again for three days under the same \`webhook-id\`, so forget what you have had; 410 disables the webhook. \`GET /v1/webhooks/{id}/deliveries\` is the log, \`POST /v1/webhooks/deliveries/{id}/resend\` sends one again, \`POST /v1/webhooks/{id}/ping\` a test. An account has 10 webhooks, each with 1,000 deliveries that wait. The owner is told by mail when one is made, or disabled for its failures.`,
  },
  {
    id: 'errors',
    text: `## Errors
Errors are \`application/problem+json\` (RFC 9457) with a \`code\` that stays the same, and a \`traceId\` to quote when you ask for help. \`validation_failed\` lists each mistake as \`errors: [{pointer, detail}]\`. Every code has [its page](/docs/errors).`,
  },
];
