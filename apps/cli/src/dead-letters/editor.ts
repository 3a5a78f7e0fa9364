import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../cli-error.js';

/** Opens the text in the operator's editor and answers what they saved. Nobody else may read it meanwhile. */
export async function editText(text: string, env: NodeJS.ProcessEnv): Promise<string> {
  const editor = env.VISUAL || env.EDITOR;
  if (!editor) throw new CliError('no editor: set EDITOR, or give the new payload with --payload <file>');
  const folder = mkdtempSync(join(tmpdir(), 'taskwire-edit-'));
  const file = join(folder, 'payload.json');
  try {
    writeFileSync(file, text, { mode: 0o600 });
    // By a shell, as git does it: EDITOR may hold arguments.
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', env });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new CliError(`the editor ended with ${String(code)}, so nothing was changed`);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
