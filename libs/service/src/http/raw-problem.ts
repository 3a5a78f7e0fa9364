import { STATUS_CODES } from 'node:http';
import type { ProblemError } from './problem-error.js';

/** The whole HTTP response to a client that is refused before there is a reply to write to; it ends the connection. */
export function rawProblem(problem: ProblemError): string {
  const body = JSON.stringify(problem.body());
  const headers = {
    ...problem.headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join(
    '\r\n',
  );
}
