import { ProblemError } from '@taskwire/service';

const ETAG = /^\s*(W\/)?"([^"]*)"\s*(?:,|$)/;
const VERSION = /^[1-9]\d{0,9}$/;

/**
 * The version that the caller saw, from `If-Match: "7"` (RFC 9110 13.1.1); null where any will do: `*`, or nothing said.
 * Of several ETags those count that can match at all: weak and foreign ones can't. A command is sent for one version, so
 * two of them are refused.
 */
export function versionFromIfMatch(
  header: string | undefined,
  need: 'required' | 'optional' | undefined,
): number | null {
  if (header === undefined) {
    if (need !== 'required') return null;
    throw new ProblemError(
      'if_match_required',
      'send If-Match with the ETag of the last read, for example "3", or * to change it whatever its version is',
    );
  }
  if (header.trim() === '*') return null;
  const [version, ...others] = new Set(etagsOf(header).filter((tag) => VERSION.test(tag)));
  if (version === undefined) throw new ProblemError('version_conflict');
  if (others.length > 0) {
    throw new ProblemError('bad_request', 'If-Match names several versions: send the one that you read last');
  }
  return Number(version);
}

/** What is in the quotes of strong ETags. */
function etagsOf(header: string): string[] {
  const tags: string[] = [];
  let rest = header;
  while (rest !== '') {
    const [all, weak, tag] = ETAG.exec(rest) ?? [];
    if (all === undefined || tag === undefined) {
      throw new ProblemError(
        'bad_request',
        'If-Match must hold ETags in double quotes, as they were read, or *',
      );
    }
    if (weak === undefined) tags.push(tag);
    rest = rest.slice(all.length);
  }
  return tags;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}
