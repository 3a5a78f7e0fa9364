import type { Socket } from 'node:net';
import type { Logger } from '@taskwire/telemetry';
import { ProblemError } from './problem-error.js';
import { rawProblem } from './raw-problem.js';
import { inServerSpan } from './tracing.js';

/** What Node's HTTP parser refuses never becomes a request, so it is answered on the bare socket. */
export function answerParserErrors(log: Logger) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'bad_request';
    void inServerSpan('refused by the parser', {}, () => {
      log.info({ code, reason: error.code }, 'request refused before its route');
      socket.end(rawProblem(new ProblemError(code)));
    });
  };
}
