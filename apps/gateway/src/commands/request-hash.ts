import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

export interface ClientRequest {
  readonly method: string;
  /** The concrete path, without the query. */
  readonly path: string;
  readonly ifMatch: string | undefined;
  /** As the client sent it, before any default. */
  readonly body: unknown;
}

/** SHA-256 over the canonical JSON (RFC 8785) of what the client asked: tells a repeat from another request under the same key. */
export function requestHash({ method, path, ifMatch, body }: ClientRequest): string {
  const canonical = canonicalize([method, path, ifMatch ?? null, body ?? null]);
  if (canonical === undefined) throw new TypeError('a request body that JSON cannot hold');
  return hash('sha256', canonical, 'base64url');
}
