import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Caller, ProblemError } from '@taskwire/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ClientAddresses, networkOf } from './client-address.js';
import { limitHeaders } from './limit-headers.js';
import type { LimitName, Quota, RateLimit } from './rate-limit.js';

/** Lets a load test through, whose client knows the setting RATE_LIMIT_EXEMPT_TOKEN. */
export const EXEMPT_HEADER = 'x-rate-limit-exempt';

/** The limits that a request met so far. */
const MET = Symbol('taskwire.limits');

type Limited = FastifyRequest & { [MET]?: readonly Quota[] };

export interface LimitsOptions {
  readonly ip: RateLimit;
  readonly user: RateLimit;
  /** Undefined: one token may use up all that its user has. */
  readonly token?: RateLimit | undefined;
  readonly addresses: ClientAddresses;
  readonly exemptToken: string | undefined;
}

/** What each address, each user and each of their tokens may ask for. */
export class Limits {
  constructor(private readonly options: LimitsOptions) {}

  async checkAddress(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (this.isExempt(request)) return;
    const { ip, addresses } = this.options;
    this.note(request, reply, await ip.take(networkOf(addresses.of(request.raw))));
  }

  async checkCaller(caller: Caller, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (this.isExempt(request)) return;
    const { user, token } = this.options;
    // The token first: one that is over its limit can't use up its user's.
    if (token) this.note(request, reply, await token.take(caller.sessionId));
    this.note(request, reply, await user.take(caller.userId));
  }

  /** For a WebSocket, which has no answer to put headers on. */
  async checkConnection(request: IncomingMessage): Promise<void> {
    const { ip, addresses } = this.options;
    refuseExceeded(await ip.take(networkOf(addresses.of(request))));
  }

  private note(request: Limited, reply: FastifyReply, quota: Quota): void {
    const quotas = [...(request[MET] ?? []), quota];
    request[MET] = quotas;
    reply.headers(limitHeaders(quotas));
    refuseExceeded(quota);
  }

  private isExempt({ headers }: FastifyRequest): boolean {
    const { exemptToken } = this.options;
    const given = headers[EXEMPT_HEADER];
    if (exemptToken === undefined || typeof given !== 'string') return false;
    return timingSafeEqual(digest(given), digest(exemptToken));
  }
}

const WHOSE: Readonly<Record<LimitName, string>> = { ip: 'address', user: 'user', token: 'token' };

function refuseExceeded({ name, limit, resetSeconds, exceeded }: Quota): void {
  if (exceeded) throw tooMany(`more than ${limit} requests a minute by this ${WHOSE[name]}`, resetSeconds);
}

/** `seconds`: when there is room again. */
export function tooMany(what: string, seconds: number): ProblemError {
  return new ProblemError('rate_limited', `${what}: try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
