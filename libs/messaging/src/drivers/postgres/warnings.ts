const MOST_REMEMBERED = 100;

/** Passes a warning on unless the same was passed on less than `everyMs` ago: a lasting fault would repeat it without end. */
export function withoutRepeats(warn: (text: string) => void, everyMs: number): (text: string) => void {
  const last = new Map<string, number>();
  return (text) => {
    const now = performance.now();
    if (now - (last.get(text) ?? -Infinity) < everyMs) return;
    if (last.size >= MOST_REMEMBERED) last.clear();
    last.set(text, now);
    warn(text);
  };
}
