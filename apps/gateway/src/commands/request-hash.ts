import { hash } from 'node:crypto';
import { ProblemError } from '@taskwire/service';
import canonicalize from 'canonicalize';

export interface ClientRequest {
  readonly method: string;
  /** The concrete path, without the query. */
  readonly path: string;
  readonly ifMatch: string | undefined;
  /** As the client sent it, before any default. */
  readonly body: unknown;
}

/**
 * SHA-256 over the canonical JSON (RFC 8785) of what the client asked: tells a repeat from another request under the same
 * key. Throws `bad_request` for a body that has no such form.
 */
export function requestHash({ method, path, ifMatch, body }: ClientRequest): string {
  return hash('sha256', canonical([method, path, ifMatch ?? null, body ?? null]), 'base64url');
}

function canonical(request: readonly unknown[]): string {
  try {
    return canonicalize(request) ?? '';
  } catch {
    const detail = 'the body holds text that is not well-formed, or a number that is too large (RFC 7493)';
    throw new ProblemError('bad_request', detail);
  }
}
