import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const LIMIT_MS = 20_000;

/** Whether there is a kcat, a Kafka client that knows nothing of Taskwire. With `CI=true` a missing one is an error. */
export function hasKcat(): boolean {
  if (spawnSync('kcat', ['-V'], { timeout: LIMIT_MS }).status === 0) return true;
  const how = 'no kcat for tests: install it (Debian: apt-get install kcat)';
  if (process.env.CI === 'true') throw new Error(how);
  process.stdout.write(`${how}; those that need it are skipped\n`);
  return false;
}

/** Runs kcat, at most 20 s; answers what it printed. */
export async function kcat(args: readonly string[], input = ''): Promise<string> {
  const child = spawn('kcat', args, { timeout: LIMIT_MS });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return stdout;
  throw new Error(`kcat ${args.join(' ')} ended with ${String(code)}: ${stderr}`);
}
