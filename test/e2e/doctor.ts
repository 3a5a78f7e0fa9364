import { program } from '@taskwire/cli';
import type { Platform } from './platform.js';

/** `npx taskwire doctor` against a platform: what it printed, and why it ended with 1 if it did. */
export async function doctor(
  { urls }: Platform,
  INTERNAL_TOKEN: string,
  ...args: string[]
): Promise<{ printed: string[]; failed: string | undefined }> {
  const addresses = Object.entries(urls).map(([name, url]) => [`${name.toUpperCase()}_URL`, url]);
  const env = { ...(Object.fromEntries(addresses) as NodeJS.ProcessEnv), INTERNAL_TOKEN };
  const printed: string[] = [];
  const ended = program(env, (line) => printed.push(line)).parseAsync(['doctor', ...args], { from: 'user' });
  return { failed: await ended.then(() => undefined, String), printed };
}
