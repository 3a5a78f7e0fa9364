import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, CommandRecord } from '@taskwire/testing';
import { type Response, send } from './requests.ts';

/** All attempts of one command: several restarts of whatever it needs. */
const LIMIT_MS = 240_000;
const PAUSE_MS = 100;

export interface Command {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: unknown;
  readonly key: string;
  /** Ask for an operation instead of waiting for the answer. */
  readonly respondAsync: boolean;
  /** Where any version will do. */
  readonly anyVersion?: boolean;
}

export interface Outcome extends CommandRecord {
  /** What the command's answer or its operation says of the result. */
  readonly result: unknown;
  /** What was answered last, where it was not done. */
  readonly answer: string;
}

/**
 * Repeats the request with the same Idempotency-Key for as long as the answer leaves the outcome open, as the API page tells
 * clients to; one that did not want to wait reads its operation instead. What is open after four minutes is told `pending`,
 * for its operation to be read when all is quiet, or `unknown` where there is none.
 */
export async function settle(api: string, { token }: Account, command: Command): Promise<Outcome> {
  const headers = {
    authorization: `Bearer ${token}`,
    'idempotency-key': command.key,
    // A reply that was lost with the process that would have sent it is not worth the usual wait.
    prefer: command.respondAsync ? 'respond-async' : 'wait=1',
    ...(command.anyVersion && { 'if-match': '*' }),
  };
  const end = performance.now() + LIMIT_MS;
  let operation: string | null = null;
  let isStored = false;
  for (;;) {
    const reads: boolean = command.respondAsync && isStored;
    const response: Response | undefined = reads
      ? await send('GET', `${api}${operation}`, undefined, headers)
      : await send(command.method, `${api}${command.path}`, command.body, headers);
    const answer = describe(response);
    if (!reads) {
      operation = response?.headers.get('location')?.match(/^\/v1\/operations\/.*/)?.[0] ?? operation;
      isStored ||= response?.status === 202 && operation !== null;
    }
    const ended = reads ? endingIn(response) : undefined;
    if (ended) return { told: 'pending', operation, answer, result: ended.result };
    const told = toldBy(response);
    if (told) return { told, operation: null, answer, result: response?.body };
    if (performance.now() > end) {
      const open = operation === null ? 'unknown' : 'pending';
      return { told: open, operation, answer, result: null };
    }
    await sleep(PAUSE_MS);
  }
}

/** Undefined while it is open. */
function endingIn(response: Response | undefined): { result: unknown } | undefined {
  if (response?.status !== 200) return undefined;
  const { status, result } = response.body as { status: string; result?: unknown };
  return status === 'pending' ? undefined : { result };
}

/** Undefined where the answer leaves it open, so that it has to be asked for again. */
function toldBy(response: Response | undefined): 'acknowledged' | 'refused' | undefined {
  if (!response || response.status === 202 || response.status === 429) return undefined;
  // An operation that was read, and is pending.
  if (response.status === 200 && (response.body as { status?: string }).status === 'pending')
    return undefined;
  if (response.status < 300) return 'acknowledged';
  return response.status < 500 || isEnded(response) ? 'refused' : undefined;
}

/** Told again and again, however often the command is repeated. */
const ENDINGS = ['failed', 'contract_mismatch', 'unknown_type', 'expired'];

function isEnded({ body }: Response): boolean {
  return ENDINGS.includes((body as { code?: string } | undefined)?.code ?? '');
}

function describe(response: Response | undefined): string {
  return response ? `${response.status} ${JSON.stringify(response.body)}` : 'no answer';
}
