import { z } from 'zod';

/** A port to listen on; from 0 where the system may choose. */
export function port(first: 0 | 1) {
  const wanted = `must be a port from ${first} to 65535`;
  return z.coerce.number(wanted).int(wanted).min(first, wanted).max(65_535, wanted);
}

export const host = z.string().default('127.0.0.1');

export const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL such as postgresql://user:password@host:5432/database',
});

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:5001' });
