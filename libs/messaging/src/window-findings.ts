import type { Finding } from './finding.js';

/** `windowMs`: how long the inbox of the group remembers; undefined where it has none. `retention` of its topics, in milliseconds. */
export function windowFindings(
  group: string,
  windowMs: number | undefined,
  retention: ReadonlyMap<string, number>,
): Finding[] {
  if (windowMs === undefined) return [];
  return [...retention]
    .filter(([, keptMs]) => keptMs > windowMs)
    .map(([topic, keptMs]) => ({
      level: 'warning',
      what: `the inbox of ${group} remembers for ${hours(windowMs)}, and ${topic} keeps messages for ${hours(keptMs)}`,
      why: 'what the group comes to later than its inbox remembers is refused as too old, though the broker still has it',
      change:
        'make windowMs of the outbox longer, or the retention of the topic shorter (retention.ms on Kafka)',
    }));
}

const HOUR_MS = 3_600_000;

const hours = (ms: number): string =>
  ms === Infinity ? 'ever' : `${String(Math.round((ms / HOUR_MS) * 100) / 100)} h`;
