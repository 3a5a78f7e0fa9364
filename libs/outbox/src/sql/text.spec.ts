import { describe, expect, it } from '@jest/globals';
import { InfrastructureError } from '@taskwire/messaging';
import { SqlError } from './executor.js';
import { asInfrastructure, isInfrastructure, isRunAgain } from './faults.js';
import { isWrite } from './is-write.js';
import { column, json, storable } from './lists.js';
import { toSqlError } from './sql-error.js';
import { statementName, UNNAMED } from './statement-name.js';

describe('whether a statement writes', () => {
  it.each<[string, boolean]>([
    ['select 1', false],
    ['  -- note\n/* more */ SELECT 1', false],
    ['table tasks', false],
    ['insert into t values (1)', true],
    ['with x as (select 1) select * from x', true],
    ['update t set a = 1', true],
    ['selection', true],
    ['', true],
  ])('%s: %s', (text, writes) => {
    expect(isWrite(text)).toBe(writes);
  });
});

describe('the name of a statement', () => {
  it('is the same for the same text, another for another, none for one that says so', () => {
    expect(statementName('select 1')).toBe(statementName('select 1'));
    expect(statementName('select 1')).not.toBe(statementName('select 2'));
    expect(statementName('select 1').length).toBeLessThan(64);
    expect(statementName(`${UNNAMED} select 1`)).toBe('');
  });

  it('is not given to texts without end', () => {
    for (let i = 0; i < 1_100; i++) statementName(`select ${i} as n`);
    expect(statementName('select 999999 as n')).toBe('');
  });
});

describe('lists', () => {
  it('hold numbers, times and nulls as text, without what PostgreSQL can not store', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    expect(column([1, 'a\0b', at, null], (value) => value)).toEqual([
      '1',
      'a\uFFFDb',
      '2026-01-02T03:04:05.678Z',
      null,
    ]);
    expect(storable('plain')).toBe('plain');
    expect([json(undefined), json({ a: 1 }), json(() => 1)]).toEqual(['null', '{"a":1}', 'null']);
  });
});

describe('errors', () => {
  const coded = (code: string, message = 'text', more = {}) =>
    Object.assign(new Error(message), { code, ...more });

  it.each<[string, unknown, string | undefined]>([
    ['of PostgreSQL', coded('23505'), '23505'],
    ['raised in PL/pgSQL', coded('P0001'), 'P0001'],
    ['of a socket', coded('ECONNRESET'), '08006'],
    ['of a lost connection', new Error('Connection terminated unexpectedly'), '08006'],
    ['of a pool', new Error('timeout exceeded when trying to connect'), '08006'],
    ['of Prisma: unreachable', coded('P1001'), '08006'],
    ['of Prisma: closed', coded('P1017'), '08006'],
    ['of Prisma: pool', coded('P2024'), '53300'],
    ['of Prisma: start', coded('P2028', 'Unable to start a transaction in the given time.'), '53300'],
    ['of Prisma: expired', coded('P2028', 'A query cannot be executed on an expired transaction.'), '25P03'],
    ['of Prisma: conflict', coded('P2034'), '40001'],
    ['of Prisma: unique', coded('P2002'), undefined],
    ['of Prisma at its start', Object.assign(new Error('text'), { errorCode: 'P1001' }), '08006'],
    [
      'of an adapter',
      coded('P2010', '', { meta: { driverAdapterError: { cause: { originalCode: '57P01' } } } }),
      '57P01',
    ],
    [
      'of an adapter without a code',
      coded('P2010', '', { meta: { driverAdapterError: { cause: { kind: 'ConnectionClosed' } } } }),
      '08006',
    ],
    ['in a cause', new Error('outer', { cause: new Error('middle', { cause: coded('53300') }) }), '53300'],
    ['of somebody else', new Error('mine'), undefined],
    ['that are none', 'text', undefined],
  ])('%s', (_name, error, state) => {
    expect(toSqlError(error)?.sqlState).toBe(state);
  });

  it('end where causes go in circles', () => {
    const circle = new Error('circle');
    circle.cause = circle;
    expect(toSqlError(circle)).toBeNull();
  });

  it.each(['08006', '25006', '53300', '57P01', '57P03', '58030'])('%s is a fault of the place', (state) => {
    expect(isInfrastructure(new SqlError(state, 'text'))).toBe(true);
    expect(asInfrastructure(new SqlError(state, 'text'))).toBeInstanceOf(InfrastructureError);
  });

  it.each(['23505', '22P02', '25P02', '57014', '55P03', '42P01'])(
    '%s is the fault of who caused it',
    (state) => {
      const error = new SqlError(state, 'text');
      expect([isInfrastructure(error), isRunAgain(error)]).toEqual([false, false]);
      expect(asInfrastructure(error)).toBe(error);
    },
  );

  it.each(['40001', '40P01'])('%s runs again', (state) => {
    expect([isInfrastructure(new SqlError(state, 'x')), isRunAgain(new SqlError(state, 'x'))]).toEqual([
      false,
      true,
    ]);
  });
});
