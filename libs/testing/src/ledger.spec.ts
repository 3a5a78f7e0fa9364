import { describe, expect, it } from '@jest/globals';
import { checkLedger, type ClientRecord, type StoredRecord, type StoredTask } from './ledger.js';

const DAY = '2026-11-24';

const client = (creates: Partial<ClientRecord['creates'][number]>[]): ClientRecord => ({
  owner: 'ada',
  sequential: true,
  creates: creates.map((create, index) => ({
    taskId: `t${index + 1}`,
    told: 'acknowledged',
    operation: null,
    ...create,
  })),
});

/** One after the other, a millisecond apart. */
const tasks = (...ids: string[]): StoredTask[] =>
  ids.map((id, index) => ({ id, createdAt: `${DAY}T10:00:00.${String(index).padStart(3, '0')}Z` }));

const stored = (record: Partial<StoredRecord> = {}): StoredRecord => ({
  owner: 'ada',
  tasks: tasks('t1', 't2', 't3'),
  notified: ['t1', 't2', 't3'],
  counted: { [DAY]: 3 },
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
    [
      'a lost task',
      stored({ tasks: tasks('t1', 't3'), notified: ['t1', 't3'], counted: { [DAY]: 2 } }),
      ['lost in tasks'],
    ],
    ['a lost notification', stored({ notified: ['t1', 't3'] }), ['lost in notifications']],
    ['a lost count', stored({ counted: { [DAY]: 2 } }), ['lost in analytics']],
    [
      'a doubled task',
      stored({ tasks: tasks('t1', 't2', 't2', 't3'), counted: { [DAY]: 4 } }),
      ['doubled in tasks'],
    ],
    ['a doubled notification', stored({ notified: ['t1', 't2', 't2', 't3'] }), ['doubled in notifications']],
    ['a doubled count', stored({ counted: { [DAY]: 4 } }), ['doubled in analytics']],
    [
      'a count on another day',
      stored({ counted: { '2026-11-23': 1, [DAY]: 2 } }),
      ['doubled in analytics', 'lost in analytics'],
    ],
    ['swapped tasks', stored({ tasks: tasks('t2', 't1', 't3') }), ['swapped in tasks']],
    ['swapped messages', stored({ notified: ['t1', 't3', 't2'] }), ['swapped in notifications']],
    [
      'a task that nobody asked for',
      stored({
        tasks: tasks('t1', 't2', 't3', 'x'),
        notified: ['t1', 't2', 't3', 'x'],
        counted: { [DAY]: 4 },
      }),
      ['uninvited in tasks'],
    ],
  ])('names %s', (_, record, expected) => {
    expect(kinds(three, record)).toEqual(expected);
  });

  it('asks for no order of a client that had several commands under way', () => {
    const mixed = stored({ tasks: tasks('t2', 't1', 't3'), notified: ['t3', 't1', 't2'] });
    expect(kinds({ ...three, sequential: false }, mixed)).toEqual([]);
  });

  it('asks for no order of a command whose client went on without an answer, but of the others', () => {
    const unknown = client([{ told: 'unknown' }, {}, {}]);
    expect(kinds(unknown, stored({ tasks: tasks('t2', 't1', 't3') }))).toEqual([]);
    expect(kinds(unknown, stored({ tasks: tasks('t3', 't1', 't2') }))).toEqual(['swapped in tasks']);
  });

  it('takes tasks of one millisecond in any order', () => {
    const createdAt = `${DAY}T10:00:00.000Z`;
    const listed = ['t2', 't1', 't3'].map((id) => ({ id, createdAt }));
    expect(kinds(three, stored({ tasks: listed }))).toEqual([]);
  });

  it('names an owner of whom nothing is stored', () => {
    expect(checkLedger([three], [])).toEqual([
      { owner: 'ada', kind: 'lost', where: 'tasks', detail: 'nothing is stored for this owner' },
    ]);
  });

  it('demands what an operation called done, although the client was told nothing', () => {
    const late = client([{}, { told: 'pending', operation: 'done' }, {}]);
    expect(
      kinds(late, stored({ tasks: tasks('t1', 't3'), notified: ['t1', 't3'], counted: { [DAY]: 2 } })),
    ).toEqual(['lost in tasks']);
  });

  it('allows a command of unknown outcome to have run, or not', () => {
    const unknown = client([{}, { told: 'unknown' }, {}]);
    expect(kinds(unknown, stored())).toEqual([]);
    expect(
      kinds(unknown, stored({ tasks: tasks('t1', 't3'), notified: ['t1', 't3'], counted: { [DAY]: 2 } })),
    ).toEqual([]);
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
