/** `npm run seed`: a demo user with a few hundred tasks, made over the API of a running platform. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { demoTasks } from './seed/tasks.ts';

const EMAIL = 'demo@example.org';
/** Kept, so that a later run can sign in. */
const PASSWORD_FILE = '.taskwire/demo-password';
const LANES = 4;
const LIMIT_MS = 15_000;

const { values: options } = parseArgs({
  options: {
    api: { type: 'string', default: 'http://127.0.0.1:3000' },
    count: { type: 'string', default: '300' },
    'exempt-token-file': { type: 'string', default: '.taskwire/keys/rate-limit-exempt-token' },
  },
});

const exempt = await readFile(options['exempt-token-file'], 'utf8').then(
  (text) => text.trim(),
  () => '',
);

try {
  const password = await demoPassword();
  const token = await signIn(password);
  const tasks = demoTasks(Number(options.count), new Date());
  let next = 0;
  const lane = async () => {
    for (let task = tasks[next++]; task; task = tasks[next++]) await createTask(token, task);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(`Created ${tasks.length} tasks. Sign in as ${EMAIL} with the password in ${PASSWORD_FILE}.`);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  console.error(
    `Not seeded: ${reason}. Is a platform running at ${options.api}? Start one with \`npm start\`.`,
  );
  process.exitCode = 1;
}

async function demoPassword(): Promise<string> {
  const kept = await readFile(PASSWORD_FILE, 'utf8').catch(() => null);
  if (kept !== null) return kept.trim();
  const password = randomBytes(12).toString('base64url');
  await mkdir(dirname(PASSWORD_FILE), { recursive: true });
  await writeFile(PASSWORD_FILE, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Registers the demo user, or signs in when an earlier run registered it. */
async function signIn(password: string): Promise<string> {
  const body = { email: EMAIL, password, name: 'Demo', timeZone: 'Europe/Berlin' };
  const registered = await post('/v1/auth/register', body);
  const response =
    registered.status === 409 ? await post('/v1/auth/login', { email: EMAIL, password }) : registered;
  if (!response.ok) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { accessToken: string }).accessToken;
}

async function createTask(token: string, task: object): Promise<void> {
  const response = await post('/v1/tasks', task, {
    authorization: `Bearer ${token}`,
    'idempotency-key': randomUUID(),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`POST /v1/tasks answered ${response.status}: ${text}`);
}

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${options.api}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(exempt === '' ? {} : { 'x-rate-limit-exempt': exempt }),
      ...headers,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
}
