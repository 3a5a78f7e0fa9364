import { withinLimit } from '../time-limit.js';
import { SqlError } from './executor.js';

/** How long the server is asked to let a statement run. */
export const STATEMENT_MS = 30_000;
/** What the server would have ended by then comes over no connection any more. */
export const ANSWER_MS = STATEMENT_MS + 5_000;

export interface AnswerOptions {
  /**
   * Longest wait for the answer to a statement: past it its connection is dead, and closed. Longer than what the server
   * lets a statement run. Default 35,000.
   */
  readonly answerMs?: number;
  /** The same for what waits for nobody: the begin of a transaction and its rollback. Default 10,000. */
  readonly promptMs?: number;
}

export type AnswerLimits = Required<AnswerOptions>;

export const answerLimits = ({ answerMs = ANSWER_MS, promptMs = 10_000 }: AnswerOptions): AnswerLimits => ({
  answerMs,
  promptMs,
});

/** Rejects with a fault of the connection when `answer` has not come within `ms`. */
export function withinAnswerTime<T>(ms: number, answer: Promise<T>): Promise<T> {
  const text = `the database did not answer within ${ms} ms`;
  return withinLimit(ms, answer, () => new SqlError('08006', text));
}
