import { ProblemError } from '@taskwire/service';

const ETAG = /^(W\/)?"([^"]*)"$/;
const VERSION = /^[1-9]\d{0,9}$/;

/**
 * The version that the caller saw, from `If-Match: "7"`; null where it says nothing. `*` names no version, so it counts
 * as nothing said. A weak or foreign ETag can't match (RFC 9110 13.1.1).
 */
export function versionFromIfMatch(
  header: string | undefined,
  need: 'required' | 'optional' | undefined,
): number | null {
  if (header === undefined || header === '*') {
    if (need !== 'required') return null;
    throw new ProblemError(
      'if_match_required',
      'send If-Match with the ETag of the last read, for example "3"',
    );
  }
  const [, weak, text] = ETAG.exec(header) ?? [];
  if (text === undefined) {
    throw new ProblemError('bad_request', 'If-Match must hold one ETag in double quotes, as it was read');
  }
  if (weak !== undefined || !VERSION.test(text)) throw new ProblemError('version_conflict');
  return Number(text);
}

export function etagOf(version: number): string {
  return `"${version}"`;
}
