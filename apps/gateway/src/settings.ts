import { z } from 'zod';
import { trustOf } from './limits/client-address.js';

const limit = (standard: number) => z.coerce.number().int().min(1).max(1_000_000_000).default(standard);

/** Settings of the gateway, beside the common ones. */
export const GatewaySettings = z.object({
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
  /** Requests a minute for each API token. */
  RATE_LIMIT_TOKEN: limit(120),
  /** Requests under way at once, for each service behind the gateway; more are refused with 503. */
  MAX_REQUESTS: limit(1_000),
  /** Who sends it as X-Rate-Limit-Exempt is not limited: for load tests. */
  RATE_LIMIT_EXEMPT_TOKEN: z.string().min(16).optional(),
  /** Proxies whose X-Forwarded-For is believed: a number of hops, or addresses and CIDR blocks. Default: none. */
  TRUST_PROXY: z
    .string()
    .default('')
    .refine(isTrust, 'must be a number of proxies, or addresses and CIDR blocks'),
});
export type GatewaySettings = z.output<typeof GatewaySettings>;

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
