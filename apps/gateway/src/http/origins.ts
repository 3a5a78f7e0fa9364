import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from '@taskwire/service';

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Which pages of other origins may use the API: those listed; without a list any on this machine, in production none. */
export class Origins {
  readonly allowed: readonly string[] | RegExp;

  constructor(listed: readonly string[] | undefined, production: boolean) {
    this.allowed = listed ?? (production ? [] : LOCALHOST);
  }

  /**
   * Throws `forbidden` for a page that may not. For what CORS doesn't keep from pages: a WebSocket, and a stream that was
   * opened before the browser refused to read it (RFC 6455, 10.2).
   */
  demand({ origin, host, ':authority': authority = host }: IncomingHttpHeaders): void {
    // No browser: nobody can be made to send it.
    if (origin === undefined || this.admits(origin)) return;
    // The gateway's own pages say where they are from too.
    if (URL.canParse(origin) && new URL(origin).host === authority) return;
    throw new ProblemError(
      'forbidden',
      'pages of this origin may not use the API: CORS_ORIGINS lists those that may',
    );
  }

  private admits(origin: string): boolean {
    return this.allowed instanceof RegExp ? this.allowed.test(origin) : this.allowed.includes(origin);
  }
}
