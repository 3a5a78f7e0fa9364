import { createHash } from 'node:crypto';

/** The weak ETag (RFC 9110 8.8.3) of a representation that has no version, such as a list: it changes with the content. */
export function bodyEtag(body: unknown): string {
  return `W/"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
}
