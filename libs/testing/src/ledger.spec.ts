import { describe, expect, it } from '@jest/globals';
import { checkLedger, type ClientRecord, type StoredRecord } from './ledger.js';

const client = (creates: Partial<ClientRecord['creates'][number]>[]): ClientRecord => ({
  owner: 'ada',
  creates: creates.map((create, index) => ({
    taskId: `t${index + 1}`,
    told: 'acknowledged',
    operation: null,
    ...create,
  })),
});

const stored = (record: Partial<StoredRecord> = {}): StoredRecord => ({
  owner: 'ada',
  tasks: ['t1', 't2', 't3'],
  notified: ['t1', 't2', 't3'],
  counted: 3,
  ...record,
});

const three = client([{}, {}, {}]);

const kinds = (clients: ClientRecord, record: StoredRecord) =>
  checkLedger([clients], [record]).map(({ kind, where }) => `${kind} in ${where}`);

describe('the ledger checker', () => {
  it('finds nothing when every acknowledged command is stored once, in order', () => {
    expect(checkLedger([three], [stored()])).toEqual([]);
  });

  it.each([
    ['a lost task', stored({ tasks: ['t1', 't3'], notified: ['t1', 't3'], counted: 2 }), ['lost in tasks']],
    ['a lost notification', stored({ notified: ['t1', 't3'] }), ['lost in notifications']],
    ['a lost count', stored({ counted: 2 }), ['lost in analytics']],
    ['a doubled task', stored({ tasks: ['t1', 't2', 't2', 't3'], counted: 4 }), ['doubled in tasks']],
    ['a doubled notification', stored({ notified: ['t1', 't2', 't2', 't3'] }), ['doubled in notifications']],
    ['a doubled count', stored({ counted: 4 }), ['doubled in analytics']],
    ['swapped messages', stored({ notified: ['t1', 't3', 't2'] }), ['swapped in notifications']],
    [
      'a task that nobody asked for',
      stored({ tasks: ['t1', 't2', 't3', 'x'], notified: ['t1', 't2', 't3', 'x'], counted: 4 }),
      ['uninvited in tasks', 'swapped in notifications'],
    ],
  ])('names %s', (_, record, expected) => {
    expect(kinds(three, record)).toEqual(expected);
  });

  it('names an owner of whom nothing is stored', () => {
    expect(checkLedger([three], [])).toEqual([
      { owner: 'ada', kind: 'lost', where: 'tasks', detail: 'nothing is stored for this owner' },
    ]);
  });

  it('demands what an operation called done, although the client was told nothing', () => {
    const late = client([{}, { told: 'pending', operation: 'done' }, {}]);
    expect(kinds(late, stored({ tasks: ['t1', 't3'], notified: ['t1', 't3'], counted: 2 }))).toEqual([
      'lost in tasks',
    ]);
  });

  it('allows a command of unknown outcome to have run, or not', () => {
    const unknown = client([{}, { told: 'unknown' }, {}]);
    expect(kinds(unknown, stored())).toEqual([]);
    expect(kinds(unknown, stored({ tasks: ['t1', 't3'], notified: ['t1', 't3'], counted: 2 }))).toEqual([]);
  });

  it('names an effect of what was refused, and an operation that never ended', () => {
    expect(kinds(client([{}, { told: 'refused' }, {}]), stored())).toEqual(['uninvited in tasks']);
    expect(kinds(client([{}, { told: 'pending', operation: 'expired' }, {}]), stored())).toEqual([
      'uninvited in tasks',
    ]);
    expect(kinds(client([{}, { told: 'pending', operation: 'pending' }, {}]), stored())).toEqual([
      'unended in operations',
    ]);
  });
});
