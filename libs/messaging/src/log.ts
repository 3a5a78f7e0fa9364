/** Where the bus reports what no caller sees. Fields hold types, ids and counts; never payloads. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Record<string, unknown>,
) => void;

/** One JSON line to standard error. */
export const logToConsole: Log = (level, message, fields) => {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
};

/** What of an error may be logged: its name, code and message. */
export function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const { code } = error as { code?: unknown };
  return { error: error.name, detail: error.message, ...(code !== undefined && { code }) };
}
