import { CliError } from '../cli-error.js';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90s`, `10m`, `2h` or `7d`, in seconds. */
export function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw new CliError(`"${text}" is no duration: write 90s, 10m, 2h or 7d`);
  }
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}

/** How long ago, short. */
export function ageOf(instant: string | null, now = Date.now()): string {
  if (instant === null) return '-';
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`;
}
