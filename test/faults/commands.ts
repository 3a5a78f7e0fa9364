import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, CommandRecord } from '@taskwire/testing';
import { type Response, send } from './requests.ts';

/** All attempts of one command: several restarts of whatever it needs. */
const LIMIT_MS = 120_000;
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
 * clients to. One that stays open for two minutes is told `unknown`, with an operation that never ended.
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
  for (;;) {
    let response = await send(command.method, `${api}${command.path}`, command.body, headers);
    if (response?.status === 202) {
      operation = response.headers.get('location') ?? operation;
      if (command.respondAsync && operation !== null) {
        response = await send('GET', `${api}${operation}`, undefined, headers);
        const ended = endingIn(response);
        if (ended) return { told: 'pending', operation, answer: describe(response), result: ended.result };
      }
    }
    const told = toldBy(response);
    if (told) return { told, operation: null, answer: describe(response), result: response?.body };
    if (performance.now() > end)
      return { told: 'unknown', operation: 'pending', answer: describe(response), result: null };
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
