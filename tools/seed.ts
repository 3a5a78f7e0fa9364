/** `npm run seed`: a demo user with a few hundred tasks, made over the API of a running platform. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { addressOf, ConfigError, filesOf, readPlace } from '@taskwire/service/settings';
import { demoTasks } from './seed/tasks.ts';

const EMAIL = 'demo@example.org';
const LANES = 4;
const LIMIT_MS = 15_000;

/** Something that a user can mend, in one line. */
class SeedError extends Error {}

try {
  await seed();
} catch (error) {
  if (!(error instanceof SeedError || error instanceof ConfigError)) throw error;
  console.error(`Not seeded: ${error.message}`);
  process.exitCode = 1;
}

async function seed(): Promise<void> {
  const place = readPlace(process.env);
  const files = filesOf(place);
  const { values: options } = parseArgs({
    options: {
      api: { type: 'string', default: addressOf('gateway', place) },
      count: { type: 'string', default: '300' },
      'exempt-token-file': { type: 'string', default: files.rateLimitExemptToken },
    },
  });
  const exempt = await readFile(options['exempt-token-file'], 'utf8').catch(() => '');
  const post = poster(options.api, exempt.trim());

  const token = await signIn(post, await demoPassword(files.demoPassword), files.demoPassword);
  const tasks = demoTasks(Number(options.count), new Date());
  let next = 0;
  const lane = async () => {
    for (let task = tasks[next++]; task; task = tasks[next++]) await createTask(post, token, task);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(
    `Created ${tasks.length} tasks. Sign in as ${EMAIL} with the password in ${files.demoPassword}.`,
  );
}

/** Kept beside the platform's own, so that a later run can sign in. */
async function demoPassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept.trim();
  const password = randomBytes(12).toString('base64url');
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${password}\n`, { mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SeedError(`${file} can't be written (${code}): set TASKWIRE_DATA to a folder that can.`, {
      cause,
    });
  }
  return password;
}

/** Registers the demo user, or signs in when an earlier run registered it. */
async function signIn(post: Post, password: string, file: string): Promise<string> {
  const body = { email: EMAIL, password, name: 'Demo', timeZone: 'Europe/Berlin' };
  const registered = await post('/v1/auth/register', body);
  const response =
    registered.status === 409 ? await post('/v1/auth/login', { email: EMAIL, password }) : registered;
  if (response.status === 401) {
    throw new SeedError(`${EMAIL} has another password than ${file} holds: is it of another platform?`);
  }
  if (!response.ok) throw await refusal('sign-in', response);
  return ((await response.json()) as { accessToken: string }).accessToken;
}

async function createTask(post: Post, token: string, task: object): Promise<void> {
  const response = await post('/v1/tasks', task, {
    authorization: `Bearer ${token}`,
    'idempotency-key': randomUUID(),
  });
  if (response.status !== 201) throw await refusal('POST /v1/tasks', response);
  await response.body?.cancel();
}

async function refusal(what: string, response: Response): Promise<SeedError> {
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const why = String(problem.detail ?? problem.title ?? 'no reason given');
  const advice =
    response.status === 429
      ? ' Wait a minute, or name the token that lifts the limit with --exempt-token-file.'
      : problem.traceId === undefined
        ? ''
        : ` (trace ${String(problem.traceId)})`;
  return new SeedError(`${what} answered ${response.status}: ${why}${advice}`);
}

type Post = (path: string, body: object, headers?: Record<string, string>) => Promise<Response>;

function poster(api: string, exempt: string): Post {
  return async (path, body, headers = {}) => {
    try {
      return await fetch(new URL(path, api), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(exempt === '' ? {} : { 'x-rate-limit-exempt': exempt }),
          ...headers,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
    } catch (cause) {
      const { name, message, cause: inner } = cause as Error;
      const { code } = (inner ?? {}) as NodeJS.ErrnoException;
      if (name === 'TimeoutError')
        throw new SeedError(`${api} did not answer ${path} in ${LIMIT_MS / 1000} s.`);
      throw new SeedError(
        `${api} can't be reached (${code ?? message}). Is a platform running there? Start one with "npm start", or name another with --api, TASKWIRE_DATA and GATEWAY_PORT.`,
        { cause },
      );
    }
  };
}
