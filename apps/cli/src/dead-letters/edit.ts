import { readFileSync } from 'node:fs';
import { DeadLetterDetail, EditedLetter, type LetterBody } from '@taskwire/contracts';
import { CliError } from '../cli-error.js';
import { apiOf, asJson, type Context, PATH, serviceOf, type ServiceOption } from './context.js';
import { editText } from './editor.js';
import { plain } from './table.js';

export interface EditOptions extends ServiceOption {
  readonly payload?: string;
  readonly type?: string;
  readonly reason?: string;
}

const STDIN = 0;

export async function edit(
  context: Context,
  subscriber: string,
  id: string,
  options: EditOptions,
): Promise<void> {
  const { type, reason, payload: from } = options;
  const api = apiOf(serviceOf(subscriber, options), context);
  const { body, bodyHash } = await api.get(`${PATH}/message`, DeadLetterDetail, { subscriber, id });
  const before = textOf(body);
  const after = from === undefined ? await editText(before, context.env) : read(from);
  if (after.trim() === before.trim() && type === undefined) throw new CliError('nothing was changed');
  const change = { subscriber, id, payload: parse(after), bodyHash, type, reason };
  const edited = await api.ask(`${PATH}/edit`, change, EditedLetter);
  context.print(`${plain(id)} has a new body (sha256 ${edited.bodyHash}), in its old place.`);
  context.print(
    `Its next run takes it; if it is dead: taskwire dead-letters replay ${subscriber} ${plain(id)}`,
  );
}

const textOf = (body: LetterBody): string =>
  body.encoding === 'json' ? `${asJson(body.value)}\n` : String(body.value);

function read(from: string): string {
  try {
    return readFileSync(from === '-' ? STDIN : from, 'utf8');
  } catch (cause) {
    throw new CliError(`${from} can't be read: ${(cause as Error).message}`, { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError(`the new payload is not JSON, so nothing was changed: ${(cause as Error).message}`, {
      cause,
    });
  }
}
