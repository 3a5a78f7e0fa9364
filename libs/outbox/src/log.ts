/** Where the background work reports. Messages carry ids and names, never payloads. */
export interface OutboxLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const consoleLog: OutboxLog = {
  warn: (message, fields = {}) => {
    console.warn(message, fields);
  },
  error: (message, fields = {}) => {
    console.error(message, fields);
  },
};

export function reasonOf(error: unknown): { reason: string } {
  return { reason: error instanceof Error ? error.message : String(error) };
}
