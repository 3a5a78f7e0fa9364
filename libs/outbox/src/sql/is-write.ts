const LEADING = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/;
const READS = /^(?:select|show|table|values)\b/i;

/** Whether a statement may write. `with` counts as a write: what follows may be one. */
export function isWrite(text: string): boolean {
  return !READS.test(text.replace(LEADING, ''));
}
