const PASSED = new Set(['etag', 'cache-control', 'location', 'retry-after']);

type ServiceHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What of a service's headers the client gets; the rest is nobody's business. */
export function passedHeaders(headers: ServiceHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (PASSED.has(name.toLowerCase()) && typeof value === 'string') passed[name.toLowerCase()] = value;
  }
  return passed;
}
