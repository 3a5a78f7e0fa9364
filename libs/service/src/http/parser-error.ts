import type { Socket } from 'node:net';
import type { ProblemCode } from '@taskwire/contracts';
import type { Logger } from '@taskwire/telemetry';
import { ProblemError } from './problem-error.js';
import { rawProblem } from './raw-problem.js';
import { inServerSpan } from './tracing.js';

const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** What Node's HTTP parser refuses never becomes a request, so it is answered on the bare socket. */
export function answerParserErrors(log: Logger) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const code = CODES[error.code ?? ''] ?? 'bad_request';
    void inServerSpan('refused by the parser', {}, () => {
      log.info({ code, reason: error.code }, 'request refused before its route');
      socket.end(rawProblem(new ProblemError(code)));
    });
  };
}
