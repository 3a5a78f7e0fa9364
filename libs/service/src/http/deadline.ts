import type { ServerResponse } from 'node:http';
import { type Context, context, createContextKey } from '@opentelemetry/api';
import { ProblemError } from './problem-error.js';

/** Milliseconds that whoever asked still waits; no time of day, since clocks differ. */
export const DEADLINE_HEADER = 'x-deadline-ms';

const DEADLINE = createContextKey('taskwire.deadline');

interface Deadline {
  readonly end: number;
  /** It was answered, or whoever asked has gone: what goes on after that is not done for them. */
  isOver: boolean;
}

/** The context of a request whose asker waits so long; as it was when the header says nothing. */
export function withDeadline(of: Context, header: unknown, response: ServerResponse): Context {
  if (typeof header !== 'string' || !/^\d{1,6}$/.test(header)) return of;
  const deadline: Deadline = { end: performance.now() + Number(header), isOver: false };
  response.once('close', () => (deadline.isOver = true));
  return of.setValue(DEADLINE, deadline);
}

/** How long whoever asked still waits for what is being done; undefined when they did not say. */
export function remainingMs(): number | undefined {
  const deadline = context.active().getValue(DEADLINE) as Deadline | undefined;
  if (deadline === undefined || deadline.isOver) return undefined;
  return Math.max(0, deadline.end - performance.now());
}

/** The problem of a request whose answer nobody would get. */
export function lateProblem(): ProblemError | undefined {
  return remainingMs() === 0 ? new ProblemError('timeout', 'whoever asked no longer waits') : undefined;
}
