import { readFileSync } from 'node:fs';
import { CliError } from './cli-error.js';
import { platformPlace } from './place.js';

const TIMEOUT_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The internal HTTP of one service. */
export class InternalApi {
  static readonly AUTH_URL = 'http://127.0.0.1:5001';
  static readonly TOKEN_FILE = '.taskwire/keys/internal-token';

  static ofAuth(env: NodeJS.ProcessEnv): InternalApi {
    return new InternalApi('auth', env.AUTH_URL || platformPlace(env).urlOf('auth'), readToken(env));
  }

  private constructor(
    private readonly service: string,
    private readonly url: string,
    private readonly token: string,
  ) {
    if (!/^https?:/.test(url) || !URL.canParse(url)) {
      throw new CliError(`AUTH_URL must be an address such as ${InternalApi.AUTH_URL}, not "${url}"`);
    }
  }

  async post(path: string, body: unknown): Promise<Answer> {
    const response = await this.send(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403) {
      throw new CliError(
        `${this.service} at ${this.url} does not accept the internal token: is it that of this platform?`,
      );
    }
    return { status: response.status, body: await response.json().catch(() => null) };
  }

  unexpected(status: number, body: unknown): CliError {
    const { detail, title, traceId } = (body ?? {}) as Record<string, unknown>;
    const trace = traceId === undefined ? '' : ` (trace ${String(traceId)})`;
    return new CliError(
      `${this.service} at ${this.url} answered ${status}: ${String(detail ?? title ?? 'no reason')}${trace}`,
    );
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(new URL(path, this.url), init);
    } catch (cause) {
      const late = cause instanceof DOMException && cause.name === 'TimeoutError';
      const what = late ? `did not answer within ${TIMEOUT_MS / 1000} s` : 'is not reachable';
      const advice =
        'is the platform running ("npm start")? AUTH_PORT and HOST, or AUTH_URL, name another address';
      throw new CliError(`${this.service} at ${this.url} ${what}: ${advice}`, { cause });
    }
  }
}

function readToken(env: NodeJS.ProcessEnv): string {
  if (env.INTERNAL_TOKEN) return env.INTERNAL_TOKEN;
  const file = env.INTERNAL_TOKEN_FILE || platformPlace(env).tokenFile;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError(
      `no internal token: ${file} can't be read. Run this in the platform's folder, or set TASKWIRE_DATA, INTERNAL_TOKEN or INTERNAL_TOKEN_FILE`,
      { cause },
    );
  }
}
