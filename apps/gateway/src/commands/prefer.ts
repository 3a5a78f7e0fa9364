const DEFAULT_WAIT_MS = 5_000;
const MAX_WAIT_S = 30;

export interface Preference {
  /** How long to wait for the reply; 0 answers 202 at once. */
  readonly waitMs: number;
  /** For `Preference-Applied`; undefined when nothing was preferred. */
  readonly applied: string | undefined;
}

/** `Prefer` (RFC 7240): `respond-async` and `wait=N`. What is unknown or malformed is ignored, as the RFC demands. */
export function preferenceOf(header: string | undefined): Preference {
  if (header === undefined) return { waitMs: DEFAULT_WAIT_MS, applied: undefined };
  const preferences = parse(header);
  const asynchronous = preferences.has('respond-async');
  const wait = preferences.get('wait');
  if (wait === undefined || !/^\d{1,9}$/.test(wait)) {
    return asynchronous
      ? { waitMs: 0, applied: 'respond-async' }
      : { waitMs: DEFAULT_WAIT_MS, applied: undefined };
  }
  const seconds = Math.min(Number(wait), MAX_WAIT_S);
  return { waitMs: seconds * 1000, applied: `${asynchronous ? 'respond-async, ' : ''}wait=${seconds}` };
}

/** The first of several preferences with one name counts. */
function parse(header: string): Map<string, string> {
  const preferences = new Map<string, string>();
  for (const item of header.split(',')) {
    const [name = '', value = ''] = (item.split(';')[0] ?? '').split('=').map((part) => part.trim());
    const key = name.toLowerCase();
    if (key !== '' && !preferences.has(key)) preferences.set(key, value.replace(/^"(.*)"$/, '$1'));
  }
  return preferences;
}
