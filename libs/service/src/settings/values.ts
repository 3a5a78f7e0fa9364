import { readFileSync } from 'node:fs';
import type { Fault } from './parse.js';

/**
 * The environment with what stands in files: `NAME_FILE` for each of the names (the file's line end is cut off). Empty
 * variables count as unset, as in a compose file. Only known names: SSL_CERT_FILE and its like are not ours.
 */
export function valuesOf(
  env: NodeJS.ProcessEnv,
  names: Iterable<string>,
): { values: Record<string, string>; faults: Fault[] } {
  const faults: Fault[] = [];
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && value !== '') values[name] = value;
  for (const name of names) {
    const file = values[`${name}_FILE`];
    if (file === undefined || values[name] !== undefined) continue;
    try {
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const { code = 'unreadable' } = error as NodeJS.ErrnoException;
      faults.push({ name: `${name}_FILE`, text: `its file can't be read (${code})` });
    }
  }
  return { values, faults };
}
