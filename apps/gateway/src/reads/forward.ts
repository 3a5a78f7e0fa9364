import { ProblemBody, type Route } from '@taskwire/contracts';
import { type Caller, ProblemError, type ServiceClients } from '@taskwire/service';
import { headersToClient } from './passed-headers.js';

const TIMEOUT_MS = 5_000;

export interface ForwardedRequest {
  /** Path and query, as the client sent them. */
  readonly url: string;
  readonly body: unknown;
  readonly caller: Caller | undefined;
  readonly clientAddress?: string;
  /** Of the client's headers, those that services heed. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ForwardedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Asks the service of a route under the same path, and passes its answer on. */
export class Forwarder {
  constructor(private readonly services: ServiceClients) {}

  async forward(route: Route, request: ForwardedRequest): Promise<ForwardedAnswer> {
    const { caller, clientAddress } = request;
    const { status, headers, body } = await this.services.get(route.service).request({
      method: route.method,
      path: request.url,
      ...(request.body !== undefined && { body: request.body }),
      headers: { ...request.headers, ...(clientAddress && { 'x-forwarded-for': clientAddress }) },
      ...(caller && { token: caller.token }),
      // Who sends the internal token is believed about the client's address, which auth alone asks for.
      internal: caller === undefined || route.service === 'auth',
      deadlineMs: TIMEOUT_MS,
    });
    const passed = headersToClient(headers);
    if (status < 400) return { status, headers: passed, body };
    if (!ProblemBody.safeParse(body).success) {
      throw new ProblemError('service_unavailable', `${route.service} answered ${status} without a problem`);
    }
    return { status, headers: { ...passed, 'content-type': 'application/problem+json' }, body };
  }
}
