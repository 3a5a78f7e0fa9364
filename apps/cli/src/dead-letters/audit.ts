import { LetterActionPage } from '@taskwire/contracts';
import { apiOf, asJson, type Context, PATH, servicesOf, type ServiceOption } from './context.js';
import { table } from './table.js';

export interface AuditOptions extends ServiceOption {
  readonly action?: string;
  readonly actor?: string;
  readonly limit: string;
  readonly before?: string;
  readonly originals?: boolean;
  readonly json?: boolean;
}

export async function audit(
  context: Context,
  subscriber: string | undefined,
  id: string | undefined,
  options: AuditOptions,
): Promise<void> {
  const { action, actor, limit, before, originals = false, json } = options;
  const query = { subscriber, id, action, actor, limit, before, originals };
  const pages = await Promise.all(
    servicesOf(subscriber, options).map(async (service) => ({
      service,
      ...(await apiOf(service, context).get(`${PATH}/audit`, LetterActionPage, query)),
    })),
  );
  if (json || originals) {
    context.print(asJson(pages));
    return;
  }
  const rows = pages
    .flatMap((page) => page.actions)
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .map((done) => [
      ...[done.at, done.action, done.subscriber, done.messageId, done.actor],
      ...[done.hashBefore.slice(0, 12), done.hashAfter?.slice(0, 12) ?? null, done.traceId, done.reason],
    ]);
  for (const line of table(HEADLINE, rows)) context.print(line);
  for (const { service, next } of pages) {
    if (next !== null) context.print(`there are more: --service ${service} --before ${next}`);
  }
}

const HEADLINE = ['AT', 'ACTION', 'SUBSCRIBER', 'ID', 'ACTOR', 'BEFORE', 'AFTER', 'TRACE', 'REASON'];
