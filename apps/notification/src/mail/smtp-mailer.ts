import { createTransport, type Transporter } from 'nodemailer';
import { isLoopback } from '../config.js';
import type { Letter } from './letter.js';
import { type Mailer, RefusedError } from './mailer.js';

export interface SmtpTimeouts {
  /** Connecting, and waiting for the greeting. */
  readonly connectMs: number;
  /** Silence in the middle of a conversation. */
  readonly silenceMs: number;
}

const TIMEOUTS: SmtpTimeouts = { connectMs: 10_000, silenceMs: 20_000 };
/** What the server said is about the letter, not about us: 535 after AUTH would pass with the right password. */
const ABOUT_THE_LETTER = new Set(['EENVELOPE', 'EMESSAGE']);

export class SmtpMailer implements Mailer {
  private readonly transport: Transporter;

  constructor(smtpUrl: string, { connectMs, silenceMs }: SmtpTimeouts = TIMEOUTS) {
    this.transport = createTransport({
      ...serverOf(new URL(smtpUrl)),
      connectionTimeout: connectMs,
      greetingTimeout: connectMs,
      dnsTimeout: connectMs,
      socketTimeout: silenceMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async deliver({ id: _, userId: _user, headers, to, ...letter }: Letter): Promise<void> {
    try {
      await this.transport.sendMail({ ...letter, to: { ...to }, headers: { ...headers } });
    } catch (error) {
      throw isRefusal(error) ? new RefusedError(error.message, { cause: error }) : error;
    }
  }
}

/** A password is not sent without TLS, unless it stays on this machine. */
export function serverOf(url: URL): object {
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  const user = decodeURIComponent(url.username);
  return {
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: user !== '' && !isLoopback(host),
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(url.password) } }),
  };
}

function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  return ABOUT_THE_LETTER.has(code ?? '') && responseCode !== undefined && responseCode >= 500;
}
