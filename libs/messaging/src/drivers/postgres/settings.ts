export interface PostgresDriverOptions {
  /** The bus's own database, made when it is missing. Without a database name: `taskwire_bus`. */
  readonly url: string;
  /** After this long without a heartbeat an instance counts as dead and its partitions are taken over. Default 3,000. */
  readonly ttlMs?: number;
  /** Between heartbeats, which poll for messages as well. Default 1,000. */
  readonly beatMs?: number;
  /** Connections that append; a partition always uses the same one. More help where a flush to disk is slow. Default 1. */
  readonly lanes?: number;
  /** Beyond this many stored bytes new sends are refused. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Larger bodies are refused for good. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Between trims; one instance of all does each. Default 60,000. */
  readonly trimEveryMs?: number;
  /** For an operator's eyes: what works less well than it should, and what to do. */
  readonly onWarning?: (text: string) => void;
}

export type Settings = Required<PostgresDriverOptions>;

export const DEFAULT_DATABASE = 'taskwire_bus';

export function settingsOf(options: PostgresDriverOptions): Settings {
  const settings: Settings = {
    ttlMs: 3_000,
    beatMs: 1_000,
    lanes: 1,
    maxBytes: 2 * 1024 ** 3,
    maxMessageBytes: 1024 ** 2,
    trimEveryMs: 60_000,
    onWarning: () => undefined,
    ...options,
    url: withDatabase(options.url),
  };
  if (settings.beatMs * 2 > settings.ttlMs) {
    throw new Error(
      `postgres bus: ttlMs (${String(settings.ttlMs)}) must be at least twice beatMs (${String(settings.beatMs)})`,
    );
  }
  return settings;
}

function withDatabase(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '' || parsed.pathname === '/') parsed.pathname = `/${DEFAULT_DATABASE}`;
  return parsed.href;
}
