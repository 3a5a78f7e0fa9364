/**
 * Names of attributes on spans and log lines, by OpenTelemetry's semantic conventions where they have one. Those of the
 * bus are in `@taskwire/messaging`, which can be installed alone.
 */
export const ATTR = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  url: 'url.path',
  server: 'server.address',
  port: 'server.port',
  errorType: 'error.type',
  /** Which of our services a span belongs to; several may share a process. */
  service: 'taskwire.service',
  /** Where an answer came from: `memory`, `redis` or `service`. */
  layer: 'taskwire.cache.layer',
} as const;

/** Names of instruments. */
export const METRIC = {
  /** Reads that the gateway may answer from its cache, by route and layer: the hit rate is what `service` leaves. */
  cachedReads: 'taskwire.gateway.cached_reads',
} as const;

/** Set by the bus's spans; its first part is the service that owns the group. */
export const CONSUMER_GROUP = 'messaging.consumer.group.name';
