import type { Route } from '@taskwire/contracts';

const ID = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';

const CREDENTIAL = { id: 'Y3JlZGVudGlhbA', rawId: 'Y3JlZGVudGlhbA', type: 'public-key' };
const ASSERTION = {
  ...CREDENTIAL,
  response: {
    ...{ clientDataJSON: 'eyJ0eXBlIjo', authenticatorData: 'SZYN5YgOjGh0', signature: 'MEUCIQ' },
  },
};

const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/auth/register': { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' },
  'POST /v1/auth/login': { email: 'ada@example.com', password: 'correct horse battery' },
  'POST /v1/auth/refresh': { refreshToken: '...' },
  'POST /v1/auth/logout': { refreshToken: '...' },
  'POST /v1/auth/login/second-factor': { challenge: '...', code: '123456' },
  'POST /v1/auth/me/second-factor': { password: 'correct horse battery' },
  'POST /v1/auth/me/second-factor/confirm': { code: '123456' },
  'POST /v1/auth/me/second-factor/recovery-codes': { code: '123456' },
  'POST /v1/auth/me/second-factor/disable': { code: '123456' },
  'POST /v1/auth/login/passkey/options': { challenge: '...' },
  'POST /v1/auth/login/passkey': { challenge: '...', credential: ASSERTION },
  'POST /v1/auth/me/passkeys/options': { password: 'correct horse battery' },
  'POST /v1/auth/me/passkeys': {
    name: 'Phone',
    credential: {
      ...CREDENTIAL,
      response: { clientDataJSON: 'eyJ0eXBlIjo', attestationObject: 'o2NmbXRkbm9uZQ' },
    },
  },
  'POST /v1/auth/me/passkeys/code': { credential: ASSERTION },
  'PATCH /v1/auth/me/passkeys/{id}': { name: 'Old phone' },
  'POST /v1/auth/me/passkeys/{id}/remove': { code: '123456' },
  'PATCH /v1/auth/me': { name: 'Ada Lovelace' },
  'PUT /v1/auth/me/password': {
    currentPassword: 'correct horse battery',
    newPassword: 'a horse that nobody knows',
  },
  'POST /v1/auth/api-tokens': { name: 'Nightly report', scopes: ['tasks:read'], expiresInDays: 30 },
  'POST /v1/auth/register/confirm': { token: '...', password: 'correct horse battery' },
  'POST /v1/auth/password-resets': { email: 'ada@example.org' },
  'POST /v1/auth/password-resets/confirm': { token: '...', newPassword: 'a horse that nobody knows' },
  'POST /v1/auth/me/email': { newEmail: 'ada@example.net', password: 'correct horse battery' },
  'POST /v1/auth/email/confirm': { token: '...' },
  'POST /v1/auth/me/deletion': { password: 'correct horse battery' },
  'POST /v1/tasks': { title: 'Write the report', priority: 'high', dueAt: '2027-01-31T17:00:00Z' },
  'PATCH /v1/tasks/{id}': { status: 'in_progress' },
  'POST /v1/webhooks': { url: 'https://example.com/hooks', events: ['task.created.v1', 'task.completed.v1'] },
  'PATCH /v1/webhooks/{id}': { enabled: false },
  'PUT /v1/notifications/preferences': { emailReminders: true, taskChanges: false },
};

/** A request that can be pasted into a shell, once $TOKEN is set. */
export function curlExample(route: Route): string {
  const { method, path, access = 'user' } = route;
  const body = BODIES[`${method} ${path}`];
  const parts = [
    `curl${route.success.contentType === 'text/event-stream' ? ' -N' : ''}${method === 'GET' ? '' : ` -X ${method}`}`,
    `http://localhost:3000${path.replace('{id}', ID)}`,
    ...(access === 'public' ? [] : [`-H "Authorization: Bearer $TOKEN"`]),
    ...(route.ifMatch ? [`-H 'If-Match: "1"'`] : []),
    ...(body ? [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`] : []),
  ];
  return parts.join(' \\\n  ');
}

export const exampleBodies = BODIES;
