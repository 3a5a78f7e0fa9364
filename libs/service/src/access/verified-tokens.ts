import type { AccessTokenClaims } from '@taskwire/contracts';

const MOST = 10_000;
/** So a withdrawn key counts for a minute longer at most. */
const KEEP_MS = 60_000;

interface Verified {
  readonly claims: AccessTokenClaims;
  readonly until: number;
}

/** Tokens whose signature was checked lately: a client sends the same one with each request. Bounded, oldest out first. */
export class VerifiedTokens {
  readonly #tokens = new Map<string, Verified>();

  constructor(private readonly now: () => number = Date.now) {}

  /** The claims of a token that is neither expired nor checked too long ago. */
  get(token: string): AccessTokenClaims | undefined {
    const verified = this.#tokens.get(token);
    if (!verified) return undefined;
    if (verified.until > this.now()) return verified.claims;
    this.#tokens.delete(token);
    return undefined;
  }

  /** Keeps the first check's time: a token that is used all the time is checked again all the same. */
  add(token: string, claims: AccessTokenClaims): void {
    if (this.#tokens.has(token)) return;
    const oldest = this.#tokens.keys().next();
    if (this.#tokens.size >= MOST && !oldest.done) this.#tokens.delete(oldest.value);
    this.#tokens.set(token, { claims, until: Math.min(this.now() + KEEP_MS, claims.exp * 1_000) });
  }
}
