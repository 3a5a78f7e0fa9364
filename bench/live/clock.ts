/** Milliseconds since 1970, finer than `Date.now()`: the same in every process of a machine. */
export const clockMs = (): number => performance.timeOrigin + performance.now();
