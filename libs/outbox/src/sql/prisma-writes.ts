import { isWrite } from './is-write.js';

const WRITES = new Set([
  'create',
  'createMany',
  'createManyAndReturn',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
  'delete',
  'deleteMany',
  '$executeRaw',
  '$executeRawUnsafe',
]);
const MAY_WRITE = new Set(['$queryRaw', '$queryRawUnsafe', '$queryRawTyped']);

export interface Watched<Client> {
  readonly client: Client;
  writes(): number;
}

/** Counts the writing calls that go through a Prisma transaction client, models included. */
export function watchWrites<Client extends object>(client: Client): Watched<Client> {
  let writes = 0;
  const counted = (name: string, call: (...args: unknown[]) => unknown) => {
    return (...args: unknown[]): unknown => {
      if (WRITES.has(name) || (MAY_WRITE.has(name) && isWrite(sqlOf(args[0])))) writes += 1;
      return call(...args);
    };
  };
  const watch = <T extends object>(target: T): T => {
    const seen = new Map<string, unknown>();
    return new Proxy(target, {
      get(_target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof name !== 'string') return value;
        const known = seen.get(name);
        if (known !== undefined) return known;
        const watched = wrap(target, name, value);
        if (watched !== value) seen.set(name, watched);
        return watched;
      },
    });
  };
  const wrap = (target: object, name: string, value: unknown): unknown => {
    if (typeof value === 'function' && (WRITES.has(name) || MAY_WRITE.has(name))) {
      return counted(name, (value as (...args: unknown[]) => unknown).bind(target));
    }
    const isModel =
      typeof value === 'object' && value !== null && !name.startsWith('$') && !name.startsWith('_');
    return isModel ? watch(value) : value;
  };
  return { client: watch(client), writes: () => writes };
}

/** The text of a raw query: a string, a tagged template, or Prisma's Sql object. */
function sqlOf(query: unknown): string {
  if (typeof query === 'string') return query;
  if (Array.isArray(query)) return query.join('?');
  const sql = (query as { sql?: unknown } | null)?.sql;
  return typeof sql === 'string' ? sql : '';
}
