import { Pool } from 'undici';
import { CircuitBreaker } from './circuit-breaker.js';

const CONNECTIONS = 64;
const CONNECT_LIMIT_MS = 2_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface ServiceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** One instance of a service: kept-alive connections, what is pending on them, and a circuit breaker. */
export class ServiceInstance {
  readonly breaker = new CircuitBreaker();
  readonly #pool: Pool;
  #pending = 0;

  constructor(url: string) {
    this.#pool = new Pool(new URL(url).origin, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_LIMIT_MS },
      maxResponseSize: MAX_BODY_BYTES,
    });
  }

  get pending(): number {
    return this.#pending;
  }

  async send(options: Parameters<Pool['request']>[0]): Promise<ServiceResponse> {
    this.#pending += 1;
    try {
      const { statusCode, headers, body } = await this.#pool.request(options);
      const text = await body.text();
      const isJson = /\bjson\b/.test(String(headers['content-type'] ?? ''));
      const parsed = text === '' ? undefined : isJson ? (JSON.parse(text) as unknown) : text;
      return { status: statusCode, headers, body: parsed };
    } finally {
      this.#pending -= 1;
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
