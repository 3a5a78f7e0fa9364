import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Method, ServiceName } from '@taskwire/contracts';
import { ATTR } from '@taskwire/telemetry';
import { errors, Pool } from 'undici';
import { ProblemError } from '../http/problem-error.js';
import { CircuitBreaker } from './circuit-breaker.js';

export interface ServiceRequest {
  readonly method: Method;
  /** May hold a query of its own. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The caller's access token. */
  readonly token?: string;
  /** Sends the platform's own token instead. */
  readonly internal?: boolean;
  /** For the whole call. Default 5,000. */
  readonly deadlineMs?: number;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

const CONNECTIONS = 64;
const CONNECT_LIMIT_MS = 2_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** One service over kept-alive connections, with a deadline for each call and a circuit breaker over all. */
export class ServiceClient {
  readonly #pool: Pool;
  readonly #breaker = new CircuitBreaker();
  readonly #url: URL;

  constructor(
    private readonly name: ServiceName,
    url: string,
    private readonly internalToken: string,
  ) {
    this.#url = new URL(url);
    this.#pool = new Pool(this.#url.origin, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_LIMIT_MS },
      maxResponseSize: MAX_BODY_BYTES,
    });
  }

  /** Rejects with `service_unavailable` or `timeout`; an answer of any status is an answer. */
  async request(request: ServiceRequest): Promise<ServiceResponse> {
    if (!this.#breaker.admits()) throw this.#unavailable('it failed several times in a row');
    const attributes = { [ATTR.method]: request.method, [ATTR.server]: this.name };
    const span = trace
      .getTracer('@taskwire/service')
      .startSpan(request.method, { kind: SpanKind.CLIENT, attributes });
    try {
      const response = await context.with(trace.setSpan(context.active(), span), () => this.#send(request));
      span.setAttribute(ATTR.status, response.status);
      this.#breaker.succeeded();
      return response;
    } catch (error) {
      this.#breaker.failed();
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw this.#problemOf(error);
    } finally {
      span.end();
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #send({ method, path, query, body, headers, deadlineMs = 5_000, ...access }: ServiceRequest) {
    const token = access.internal ? this.internalToken : access.token;
    const sent: Record<string, string> = { ...headers, accept: 'application/json' };
    if (token !== undefined) sent.authorization = `Bearer ${token}`;
    if (body !== undefined) sent['content-type'] = 'application/json';
    propagation.inject(context.active(), sent);
    const response = await this.#pool.request({
      method,
      path,
      ...(query && { query }),
      headers: sent,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(deadlineMs),
    });
    const text = await response.body.text();
    const isJson = /\bjson\b/.test(String(response.headers['content-type'] ?? ''));
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text === '' ? undefined : isJson ? (JSON.parse(text) as unknown) : text,
    };
  }

  #problemOf(error: unknown): ProblemError {
    const late =
      (error as Error).name === 'TimeoutError' ||
      error instanceof errors.HeadersTimeoutError ||
      error instanceof errors.BodyTimeoutError;
    if (late) return new ProblemError('timeout', `${this.name} did not answer in time`, { cause: error });
    return this.#unavailable('it cannot be reached', error);
  }

  #unavailable(why: string, cause?: unknown): ProblemError {
    return new ProblemError('service_unavailable', `${this.name}: ${why}`, {
      headers: { 'retry-after': '1' },
      cause,
    });
  }
}
