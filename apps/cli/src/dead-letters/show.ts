import { DeadLetterDetail, type LetterBody } from '@taskwire/contracts';
import { apiOf, asJson, type Context, PATH, serviceOf, type ServiceOption } from './context.js';
import { plain, table } from './table.js';

export async function show(
  context: Context,
  subscriber: string,
  id: string,
  options: ServiceOption & { readonly json?: boolean },
): Promise<void> {
  const api = apiOf(serviceOf(subscriber, options), context);
  const letter = await api.get(`${PATH}/message`, DeadLetterDetail, { subscriber, id });
  for (const line of options.json ? [asJson(letter)] : linesOf(letter)) context.print(line);
}

function linesOf(letter: DeadLetterDetail): string[] {
  const { headers, body, lane, actions, ending, topic, partition } = letter;
  const facts = table(
    ['message', plain(letter.id)],
    [
      ['subscriber', letter.subscriber],
      ['type', letter.type],
      [
        'state',
        ending === null ? letter.state : `${letter.state}, ended as ${ending}: can only be discarded`,
      ],
      ['due', letter.due],
      ['from', `${topic}, partition ${partition}`],
      ['key', letter.key ?? 'none: it holds up nothing'],
      ['reason', letter.reason],
      ['error', letter.error],
      ['attempts', letter.attempts],
      ['first failed', letter.firstFailedAt],
      ['last failed', letter.lastFailedAt],
      ['parked', letter.parkedAt],
      ['trace', letter.traceId],
      ['body', `sha256 ${letter.bodyHash}`],
    ],
  );
  return [...facts, ...laneLines(lane), ...headerLines(headers), ...bodyLines(body), ...actionLines(actions)];
}

function laneLines(lane: DeadLetterDetail['lane']): string[] {
  if (!lane) return [];
  const rows = lane.next.map(({ id, type, state, parkedAt }) => [`  ${id}`, type, state, parkedAt] as const);
  const behind = rows.length > 0 ? table(['  ID', 'TYPE', 'STATE', 'PARKED'], rows) : [];
  return ['', `Of its key, ${lane.ahead} run before it and ${lane.behind} wait behind it.`, ...behind];
}

function headerLines(headers: DeadLetterDetail['headers']): string[] {
  const rows = Object.entries(headers).map(([name, value]) => [`  ${name}`, value] as const);
  return ['', ...table(['Headers', ''], rows)];
}

function bodyLines(body: LetterBody): string[] {
  const title = body.encoding === 'json' ? 'Body' : `Body (${body.encoding})`;
  const text = body.encoding === 'json' ? asJson(body.value) : String(body.value);
  return ['', title, ...text.split('\n').map((line) => `  ${plain(line)}`)];
}

function actionLines(actions: DeadLetterDetail['actions']): string[] {
  if (actions.length === 0) return [];
  const rows = actions.map(({ at, action, actor, reason }) => [`  ${at}`, action, actor, reason] as const);
  return ['', 'What operators did', ...table(['  AT', 'ACTION', 'ACTOR', 'REASON'], rows)];
}
