import { createHash } from 'node:crypto';
import { API_TOKEN_PREFIX, ExchangedApiToken } from '@taskwire/contracts';
import { ProblemError, type ServiceClients } from '@taskwire/service';

/** A revocation counts at once all the same: what stands for the token is revoked with it. */
const KEEP_MS = 60_000;
const MOST = 10_000;
const FORMAT = new RegExp(`^Bearer (${API_TOKEN_PREFIX}[\\w-]{43})$`, 'i');

interface Exchange {
  readonly until: number;
  readonly accessToken: Promise<string>;
}

/**
 * Puts an access token of its owner's, with its scopes, in the place of an API token: services know access tokens alone.
 * Asks auth, once a minute for each token; bounded, oldest out first.
 */
export class ApiTokens {
  readonly #exchanged = new Map<string, Exchange>();

  constructor(
    private readonly services: Pick<ServiceClients, 'get'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes and gives an Authorization header; one without an API token stays as it is. */
  async exchange(authorization: string | undefined): Promise<string | undefined> {
    const token = FORMAT.exec(authorization ?? '')?.[1];
    return token === undefined ? authorization : `Bearer ${await this.#accessTokenFor(token)}`;
  }

  #accessTokenFor(token: string): Promise<string> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#exchanged.get(key);
    if (known && known.until > this.now()) return known.accessToken;

    const accessToken = this.#ask(token);
    const exchange = { until: this.now() + KEEP_MS, accessToken };
    this.#exchanged.delete(key);
    const oldest = this.#exchanged.keys().next();
    if (this.#exchanged.size >= MOST && !oldest.done) this.#exchanged.delete(oldest.value);
    this.#exchanged.set(key, exchange);
    // The next request asks again: auth may be back, and what is refused is kept for nobody.
    accessToken.catch(() => {
      if (this.#exchanged.get(key) === exchange) this.#exchanged.delete(key);
    });
    return accessToken;
  }

  async #ask(token: string): Promise<string> {
    const { status, body } = await this.services.get('auth').request({
      method: 'POST',
      path: '/internal/api-tokens/exchange',
      internal: true,
      body: { token },
    });
    if (status === 200) return ExchangedApiToken.parse(body).accessToken;
    if (status !== 404) throw new ProblemError('service_unavailable', `auth answered ${status}`);
    throw new ProblemError('unauthenticated', 'the API token is unknown, expired or revoked', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
}
