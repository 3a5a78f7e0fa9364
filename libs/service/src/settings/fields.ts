import { createPrivateKey, X509Certificate } from 'node:crypto';
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

export const certificates = z
  .string()
  .refine(isCertificate, 'must be certificates in PEM, beginning with -----BEGIN CERTIFICATE-----');

export const privateKey = z
  .string()
  .refine(isPrivateKey, 'must be a private key in PEM without a passphrase');

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:5001' });

/** Of one instance, or of several. */
export const httpUrls = z
  .string()
  .refine(
    (text) => text.split(',').every((url) => httpUrl.safeParse(url.trim()).success),
    'must be a URL such as http://127.0.0.1:5001, or several separated by commas',
  );

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).type === 'private';
  } catch {
    return false;
  }
}

/** Looks at the first one of several. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
