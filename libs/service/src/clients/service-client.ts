import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Method, ServiceName } from '@taskwire/contracts';
import { ATTR } from '@taskwire/telemetry';
import { INTERNAL_TOKEN_HEADER } from '../access/internal-token.js';
import { DEADLINE_HEADER, remainingMs } from '../http/deadline.js';
import { ProblemError } from '../http/problem-error.js';
import { isLate, wasNeverSent } from './failures.js';
import { ServiceInstance, type ServiceResponse } from './service-instance.js';

export type { ServiceResponse };

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
  /** Sends the platform's own token: instead of the caller's, or beside it in a header of its own. */
  readonly internal?: boolean;
  /** For the whole call; less when whoever asked waits less. Default 5,000. */
  readonly deadlineMs?: number;
}

/**
 * One service, at one address or several. Each call has a deadline, which the service is told. It goes to the instance
 * with the fewest calls pending, and once more, to another one if there is, when that can't do it twice: a GET that
 * failed, or what never left. An instance that failed several times in a row is left alone for a while.
 */
export class ServiceClient {
  readonly #instances: readonly ServiceInstance[];
  #turn = 0;

  /** Several URLs are separated by commas. */
  constructor(
    private readonly name: ServiceName,
    urls: string,
    private readonly internalToken: string,
  ) {
    this.#instances = urls.split(',').map((url) => new ServiceInstance(url.trim()));
  }

  /** Rejects with `service_unavailable` or `timeout`; an answer of any status is an answer. */
  async request(request: ServiceRequest): Promise<ServiceResponse> {
    const asked = request.deadlineMs ?? 5_000;
    const allowed = Math.min(asked, remainingMs() ?? asked);
    const end = performance.now() + allowed;
    const first = this.#choose();
    if (first === undefined) throw this.#unavailable('it failed several times in a row');
    try {
      return await this.#attempt(first, request, allowed, allowed < asked);
    } catch (error) {
      const leftMs = end - performance.now();
      const isSafe = wasNeverSent(error) || (request.method === 'GET' && !isLate(error));
      const second = isSafe && leftMs > 0 ? this.#choose(first) : undefined;
      if (second === undefined) throw this.#problemOf(error);
      return await this.#attempt(second, request, leftMs, true).catch((again: unknown) => {
        throw this.#problemOf(again);
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.close()));
  }

  /** Of equals each in turn; one that just failed only if there is no other. */
  #choose(failed?: ServiceInstance): ServiceInstance | undefined {
    this.#turn = (this.#turn + 1) % this.#instances.length;
    const inTurn = [...this.#instances.slice(this.#turn), ...this.#instances.slice(0, this.#turn)];
    const rank = (instance: ServiceInstance) => (instance === failed ? Infinity : instance.pending);
    return inTurn.sort((a, b) => rank(a) - rank(b)).find(({ breaker }) => breaker.admits());
  }

  async #attempt(
    instance: ServiceInstance,
    request: ServiceRequest,
    allowedMs: number,
    isShort: boolean,
  ): Promise<ServiceResponse> {
    const attributes = { [ATTR.method]: request.method, [ATTR.server]: this.name };
    const span = trace
      .getTracer('@taskwire/service')
      .startSpan(request.method, { kind: SpanKind.CLIENT, attributes });
    try {
      const response = await context.with(trace.setSpan(context.active(), span), () =>
        instance.send(this.#optionsOf(request, allowedMs)),
      );
      span.setAttribute(ATTR.status, response.status);
      instance.breaker.succeeded();
      return response;
    } catch (error) {
      // That somebody gave it little time says nothing of the instance.
      if (!(isShort && isLate(error))) instance.breaker.failed();
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  #optionsOf({ method, path, query, body, headers, ...access }: ServiceRequest, allowedMs: number) {
    const token = access.token ?? (access.internal ? this.internalToken : undefined);
    const sent: Record<string, string> = { ...headers, accept: 'application/json' };
    if (token !== undefined) sent.authorization = `Bearer ${token}`;
    if (access.internal && access.token !== undefined) sent[INTERNAL_TOKEN_HEADER] = this.internalToken;
    if (body !== undefined) sent['content-type'] = 'application/json';
    sent[DEADLINE_HEADER] = String(Math.ceil(allowedMs));
    propagation.inject(context.active(), sent);
    return {
      method,
      path,
      ...(query && { query }),
      headers: sent,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(Math.ceil(allowedMs)),
    };
  }

  #problemOf(error: unknown): ProblemError {
    if (isLate(error))
      return new ProblemError('timeout', `${this.name} did not answer in time`, { cause: error });
    return this.#unavailable('it cannot be reached', error);
  }

  #unavailable(why: string, cause?: unknown): ProblemError {
    return new ProblemError('service_unavailable', `${this.name}: ${why}`, {
      headers: { 'retry-after': '1' },
      cause,
    });
  }
}
