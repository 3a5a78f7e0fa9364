import type { DeadLetter, DeadLetterDetail, LetterActionPage, LetterBody } from '@taskwire/contracts';
import type { OperatorAction, ParkedDetail, ParkedMessage } from '@taskwire/outbox';

export function letterView(message: ParkedMessage): DeadLetter {
  const { due, firstFailedAt, lastFailedAt, parkedAt, ...rest } = message;
  return {
    ...rest,
    due: due?.toISOString() ?? null,
    firstFailedAt: firstFailedAt?.toISOString() ?? null,
    lastFailedAt: lastFailedAt?.toISOString() ?? null,
    parkedAt: parkedAt.toISOString(),
  };
}

export function detailView(
  { headers, body, bodyHash, lane, ...message }: ParkedDetail,
  actions: readonly OperatorAction[],
): DeadLetterDetail {
  const next = lane?.next.map(({ parkedAt, ...one }) => ({ ...one, parkedAt: parkedAt.toISOString() }));
  return {
    ...letterView(message),
    headers: { ...headers },
    body: bodyView(body),
    bodyHash,
    lane: lane && { ...lane, next: next ?? [] },
    actions: actions.map(actionView),
  };
}

export function actionView({ at, original, ...action }: OperatorAction): LetterActionPage['actions'][number] {
  const shown = original && { headers: { ...original.headers }, body: bodyView(original.body) };
  return { ...action, at: at.toISOString(), original: shown };
}

function bodyView(body: Buffer): LetterBody {
  const text = body.toString('utf8');
  // Text that isn't the same again as bytes was no text.
  if (!Buffer.from(text, 'utf8').equals(body)) return { encoding: 'base64', value: body.toString('base64') };
  try {
    return { encoding: 'json', value: JSON.parse(text) as unknown };
  } catch {
    return { encoding: 'utf8', value: text };
  }
}
