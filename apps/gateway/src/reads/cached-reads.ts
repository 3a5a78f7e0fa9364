import { accountRoutes, type Route } from '@taskwire/contracts';
import { type Caller, ProblemError } from '@taskwire/service';
import { z } from 'zod';
import type { ForwardedAnswer, ForwardedRequest, Forwarder } from './forward.js';
import type { KeptAnswer } from './kept-answer.js';
import type { Layer, ReadCache } from './read-cache.js';

/** Reads of what belongs to the caller alone and has a version, and for how long an answer is kept. */
const KEPT_MS: ReadonlyMap<Route, number> = new Map([[accountRoutes.me, 5 * 60_000]]);
/** Newer than any. */
const GONE = Number.MAX_SAFE_INTEGER;

const Versioned = z.object({ version: z.int().positive() });

/** Answers reads, some of them without asking their service. */
export class CachedReads {
  constructor(
    private readonly forwarder: Forwarder,
    private readonly cache: ReadCache,
    private readonly count: (route: Route, layer: Layer) => void,
  ) {}

  async read(route: Route, request: ForwardedRequest): Promise<ForwardedAnswer> {
    const { caller } = request;
    const keptMs = KEPT_MS.get(route);
    if (keptMs === undefined || caller === undefined) return this.forwarder.forward(route, request);
    const owner = caller.userId;
    const found = await this.cache.find(keyOf(route, owner), (kept) => isFor(owner, route, kept));
    this.count(route, found.layer);
    if (found.layer !== 'service') return { status: 200, ...pick(found.kept) };
    const until = Date.now() + keptMs;
    const answer = await this.forwarder.forward(route, request);
    const versioned = Versioned.safeParse(answer.body);
    if (answer.status === 200 && versioned.success) {
      await found.keep({ owner, version: versioned.data.version, ...pick(answer), until });
    }
    return answer;
  }

  /** What a write of the caller's has made version `version` of. */
  async changed(route: Route, version: number, caller: Caller, url = route.path): Promise<unknown> {
    if (KEPT_MS.has(route)) await this.cache.forget(keyOf(route, caller.userId), version);
    const { status, body } = await this.read(route, { url, body: undefined, caller, headers: {} });
    if (status === 200) return body;
    // Deleted since, when the write is a repeat.
    if (status === 404) throw new ProblemError('not_found');
    throw new ProblemError('service_unavailable', `it is done, but ${route.service} answered ${status}`);
  }

  /** A user's representations before this version are void. */
  async forget(userId: string, version = GONE): Promise<void> {
    for (const route of KEPT_MS.keys()) await this.cache.forget(keyOf(route, userId), version);
  }

  /** Changes may have been missed. */
  clear(): Promise<void> {
    return this.cache.clear();
  }
}

function keyOf({ path }: Route, userId: string): string {
  return `${path}:${userId}`;
}

/** Nobody gets what another one owns, however it came under this key; nor what this version of the gateway knows no more. */
function isFor(userId: string, { success }: Route, { owner, body }: KeptAnswer): boolean {
  return owner === userId && (success.body?.safeParse(body).success ?? false);
}

function pick({ headers, body }: Pick<ForwardedAnswer, 'headers' | 'body'>) {
  return { headers, body };
}
