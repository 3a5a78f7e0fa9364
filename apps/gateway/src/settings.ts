import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificates, privateKey } from '@taskwire/service/settings';
import { z } from 'zod';
import { trustOf } from './limits/client-address.js';

const limit = (standard: number) => z.coerce.number().int().min(1).max(1_000_000_000).default(standard);

/** Settings of the gateway, beside the common ones. */
export const GatewaySettings = z
  .object({
    /** Signs operation ids and live tickets; the same for all gateways. At least 32 characters, for example from `openssl rand -hex 32`. */
    OPERATION_SECRET: z.string().min(32),
    /** Origins whose pages may use the API, separated by commas. Default: localhost in development, none in production. */
    CORS_ORIGINS: z
      .string()
      .transform((text) => text.split(',').flatMap((origin) => origin.trim() || []))
      .pipe(z.array(z.string().refine(isOrigin, 'must be origins such as https://app.example.org')))
      .optional(),
    /** Requests a minute for each address. */
    RATE_LIMIT_IP: limit(600),
    /** Requests a minute for each user. */
    RATE_LIMIT_USER: limit(300),
    /** Requests a minute with each session or API token. Default: all that the user has. */
    RATE_LIMIT_TOKEN: z.coerce.number().int().min(1).max(1_000_000_000).optional(),
    /** Requests under way at once, for each service behind the gateway; more are refused with 503. */
    MAX_REQUESTS: limit(1_000),
    /** Live connections at once; more are refused with 503. */
    MAX_LIVE_CONNECTIONS: limit(10_000),
    /** Who sends it as X-Rate-Limit-Exempt is not limited: for load tests. */
    RATE_LIMIT_EXEMPT_TOKEN: z.string().min(16).optional(),
    /** Proxies whose X-Forwarded-For is believed: a number of hops, or addresses and CIDR blocks. Default: none. */
    TRUST_PROXY: z
      .string()
      .default('')
      .refine(isTrust, 'must be a number of proxies, or addresses and CIDR blocks'),
    /** What clients are shown, with the authorities between; the gateway speaks TLS then. */
    TLS_CERT: certificates.optional(),
    TLS_KEY: privateKey.optional(),
  })
  .refine(areTogether, {
    path: ['TLS_KEY'],
    message: 'must be the key of TLS_CERT: set both or neither',
    when: () => true,
  });
export type GatewaySettings = z.output<typeof GatewaySettings>;

function areTogether({ TLS_CERT: cert, TLS_KEY: key }: { TLS_CERT?: unknown; TLS_KEY?: unknown }): boolean {
  if (typeof cert !== 'string' || typeof key !== 'string') return cert === key;
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    // Which of them can't be read is said besides.
    return true;
  }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function isTrust(setting: string): boolean {
  try {
    trustOf(setting);
    return true;
  } catch {
    return false;
  }
}
