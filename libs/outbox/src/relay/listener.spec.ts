import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestStore, type TestStore, until } from '../store.fixture.js';
import { Listener } from './listener.js';
import { Notifier } from './notifier.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());

function listen(url: string) {
  const heard: string[] = [];
  const warnings: string[] = [];
  const log = { warn: (message: string) => void warnings.push(message), error: () => undefined };
  return { heard, warnings, listener: new Listener(url, (notice) => void heard.push(notice), log) };
}

const quiet = { warn: () => undefined, error: () => undefined };

describe('a listener', () => {
  it('hears what another instance says, and looks once when it has connected', async () => {
    const { heard, listener } = listen(db.url);
    await listener.start();
    expect(heard).toEqual(['rows']);
    await new Notifier(db.executor, quiet).send('lease');
    await until('the notice', () => heard.length === 2);
    expect(heard).toEqual(['rows', 'lease']);
    await listener.stop();
  });

  it('comes back after its connection was lost, and looks again', async () => {
    const { heard, warnings, listener } = listen(db.url);
    await listener.start();
    await db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taskwire-outbox-listener'`,
    );
    await until('the second connection', () => heard.length === 2);
    expect(warnings).toHaveLength(1);
    new Notifier(db.executor, quiet).rows();
    await until('a notice', () => heard.length === 3);
    await listener.stop();
  });

  it('does not stop a service from starting where it can not connect', async () => {
    const { warnings, listener } = listen('postgresql://postgres@127.0.0.1:1/none');
    await listener.start();
    expect(warnings).toHaveLength(1);
    await listener.stop();
  });
});

describe('a notifier', () => {
  it('makes of many wishes few statements, the last of them after the last wish', async () => {
    const statements: PromiseWithResolvers<number>[] = [];
    const executor = {
      ...db.executor,
      execute: () => {
        const statement = Promise.withResolvers<number>();
        statements.push(statement);
        return statement.promise;
      },
    };
    const notifier = new Notifier(executor, quiet);
    for (let i = 0; i < 100; i++) notifier.rows();
    expect(statements).toHaveLength(1);
    statements[0]?.resolve(0);
    await until('the second statement', () => statements.length === 2);
    statements[1]?.resolve(0);
    await statements[1]?.promise;
    notifier.rows();
    await until('the third statement', () => statements.length === 3);
  });

  it('only warns when the database is away', async () => {
    const warnings: string[] = [];
    const executor = { ...db.executor, execute: () => Promise.reject(new Error('away')) };
    await new Notifier(executor, { ...quiet, warn: (message) => void warnings.push(message) }).send('rows');
    expect(warnings).toEqual(['another relay could not be woken; it polls']);
  });
});
