import {
  accountRoutes,
  ApiTokenList,
  apiTokenRoutes,
  SecondFactor,
  secondFactorRoutes,
  analyticsRoutes,
  AuditPage,
  NotificationList,
  notificationRoutes,
  PasskeyList,
  passkeyRoutes,
  type Route,
  SessionList,
  TaskCursorPage,
  taskRoutes,
  User,
  UserAnalytics,
  Preferences,
  WebhookList,
  webhookRoutes,
} from '@taskwire/contracts';
import { type Caller, ProblemError, type ServiceClients } from '@taskwire/service';
import type { z } from 'zod';
import type { Forwarder } from '../reads/forward.js';

const PAGE = 100;
const TIMEOUT_MS = 5_000;

/** What services answer is passed on as it is: nothing else is read for it than what the user could read. */
export class AccountExports {
  constructor(
    private readonly forwarder: Forwarder,
    private readonly services: ServiceClients,
  ) {}

  /**
   * The document in pieces, none of which holds more than a page of a list. Rejects before the first where a service is away;
   * later the document stays without its end.
   */
  async *pieces(caller: Caller): AsyncGenerator<string> {
    const of = <S extends z.ZodType>(schema: S, route: Route, query = '') =>
      this.read(schema, route, caller, query);
    const head = {
      exportedAt: new Date().toISOString(),
      user: await of(User, accountRoutes.me),
      sessions: (await of(SessionList, accountRoutes.sessions)).sessions,
      secondFactor: await of(SecondFactor, secondFactorRoutes.show),
      passkeys: (await of(PasskeyList, passkeyRoutes.list)).passkeys,
      apiTokens: (await of(ApiTokenList, apiTokenRoutes.list)).apiTokens,
      preferences: await of(Preferences, notificationRoutes.preferences),
      analytics: await of(UserAnalytics, analyticsRoutes.me, '?days=365'),
      webhooks: (await of(WebhookList, webhookRoutes.list)).webhooks,
    };
    yield JSON.stringify(head).slice(0, -1);
    yield* listOf('audit', this.audit(caller.userId));
    yield* listOf(
      'notifications',
      pages(async (before: number | '') => {
        const query = `?limit=${PAGE}${before === '' ? '' : `&before=${before}`}`;
        const { notifications, nextBefore } = await of(NotificationList, notificationRoutes.list, query);
        return { items: notifications, next: nextBefore };
      }),
    );
    yield* listOf(
      'tasks',
      pages(async (cursor: string) => {
        const query = `?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`;
        const { tasks, nextCursor } = await of(TaskCursorPage, taskRoutes.list, query);
        return { items: tasks, next: nextCursor };
      }),
    );
    yield '}';
  }

  private async *audit(subject: string): AsyncGenerator<object> {
    for (let after: number | null = 0; after !== null;) {
      const { status, body } = await this.services.get('auth').request({
        method: 'GET',
        path: `/internal/audit?subject=${subject}&limit=${PAGE}&after=${after}`,
        internal: true,
        deadlineMs: TIMEOUT_MS,
      });
      if (status !== 200) throw unavailable('auth', status);
      const page: AuditPage = AuditPage.parse(body);
      for (const { sealed: _, hash: _hash, ...entry } of page.entries) yield entry;
      after = page.next;
    }
  }

  private async read<S extends z.ZodType>(
    schema: S,
    route: Route,
    caller: Caller,
    query: string,
  ): Promise<z.output<S>> {
    const url = `${route.path}${query}`;
    const { status, body } = await this.forwarder.forward(route, {
      url,
      body: undefined,
      caller,
      headers: {},
    });
    if (status === 404) throw new ProblemError('not_found', 'this account is gone');
    if (status !== 200) throw unavailable(route.service, status);
    return schema.parse(body);
  }
}

/** Item by item, page by page, from an empty position on. */
async function* pages<Item, Position>(
  read: (position: Position | '') => Promise<{ items: readonly Item[]; next: Position | null }>,
): AsyncGenerator<Item> {
  for (let position: Position | '' | null = ''; position !== null;) {
    const { items, next }: { items: readonly Item[]; next: Position | null } = await read(position);
    yield* items;
    position = next;
  }
}

async function* listOf(name: string, items: AsyncIterable<unknown>): AsyncGenerator<string> {
  yield `,"${name}":[`;
  let separator = '';
  for await (const item of items) {
    yield `${separator}${JSON.stringify(item)}`;
    separator = ',';
  }
  yield ']';
}

function unavailable(service: string, status: number): ProblemError {
  return new ProblemError('service_unavailable', `${service} answered ${status}`);
}
