import { describe, expect, it } from '@jest/globals';
import {
  type ChangeRecord,
  checkLedger,
  type ClientRecord,
  type FeedEntry,
  type StoredRecord,
  type StoredTask,
} from './ledger.js';
import { latenessIn } from './ledger-reminders.js';

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
  ids.map((id, index) => task(id, `${DAY}T10:00:00.${String(index).padStart(3, '0')}Z`));

const task = (id: string, createdAt: string, rest: Partial<StoredTask> = {}): StoredTask => {
  return { id, createdAt, completedAt: null, description: null, remindAt: null, version: 1, ...rest };
};

const entry = (taskId: string, kind: string, at = `${DAY}T10:00:01.000Z`): FeedEntry => ({
  taskId,
  kind,
  at,
});

const stored = ({
  notified = ['t1', 't2', 't3'],
  ...record
}: Partial<StoredRecord> & { notified?: string[] } = {}): StoredRecord => ({
  owner: 'ada',
  tasks: tasks('t1', 't2', 't3'),
  feed: notified.map((taskId) => entry(taskId, 'task_created')),
  welcomes: 1,
  counted: { [DAY]: 3 },
  completed: {},
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
    ['a lost welcome', stored({ welcomes: 0 }), ['lost in notifications']],
    ['a doubled welcome', stored({ welcomes: 2 }), ['doubled in notifications']],
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
    const listed = ['t2', 't1', 't3'].map((id) => task(id, createdAt));
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

describe('changes of a task', () => {
  const AT = `${DAY}T10:00:00.000Z`;
  const update = (description: string, told: ChangeRecord['told'] = 'acknowledged'): ChangeRecord => {
    return { kind: 'task_updated', description, told, operation: null };
  };
  const completion: ChangeRecord = {
    ...{ kind: 'task_completed', description: null },
    ...{ told: 'acknowledged', operation: null },
  };
  const changed = client([{ changes: [update('one'), update('two'), completion] }]);
  const done = { completedAt: AT, description: 'two', version: 4 };
  const after = (rest: Partial<StoredTask> = {}, feed = 'created updated updated completed'): StoredRecord =>
    stored({
      tasks: [task('t1', AT, { ...done, ...rest })],
      feed: feed.split(' ').map((kind) => entry('t1', `task_${kind}`)),
      counted: { [DAY]: 1 },
      completed: { [DAY]: rest.completedAt === null ? 0 : 1 },
    });

  it('are found as they were acknowledged', () => {
    expect(kinds(changed, after())).toEqual([]);
  });

  it.each([
    ['a lost change', after({ version: 3 }, 'created updated completed'), ['lost in tasks']],
    [
      'a doubled change',
      after({ version: 5 }, 'created updated updated updated completed'),
      ['doubled in tasks'],
    ],
    ['a change that another one overtook', after({ description: 'one' }), ['swapped in tasks']],
    ['a lost completion', after({ completedAt: null }, 'created updated updated updated'), ['lost in tasks']],
    ['a lost event', after({}, 'created updated completed'), ['lost in notifications']],
    [
      'a doubled event',
      after({}, 'created updated updated completed completed'),
      ['doubled in notifications'],
    ],
    ['swapped events', after({}, 'created updated completed updated'), ['swapped in notifications']],
    ['a completion counted twice', { ...after(), completed: { [DAY]: 2 } }, ['doubled in analytics']],
  ])('names %s', (_, record, expected) => {
    expect(kinds(changed, record)).toEqual(expected);
  });

  it('allows one of unknown outcome to have been made, or not', () => {
    const open = client([{ changes: [update('one'), update('two', 'unknown'), completion] }]);
    expect(kinds(open, after())).toEqual([]);
    expect(kinds(open, after({ version: 3, description: 'one' }, 'created updated completed'))).toEqual([]);
  });

  it('names one whose operation never ended', () => {
    const pending = { ...completion, told: 'unknown' as const, operation: 'pending' };
    expect(kinds(client([{ changes: [update('one'), update('two'), pending] }]), after())).toEqual([
      'unended in operations',
    ]);
  });
});

describe('reminders', () => {
  const AT = `${DAY}T10:00:00.000Z`;
  const DUE = `${DAY}T10:00:05.000Z`;
  const reminded = (at: readonly string[], rest: Partial<StoredTask> = {}): StoredRecord => ({
    ...stored({
      tasks: [task('t1', AT, { remindAt: DUE, ...rest })],
      notified: ['t1'],
      counted: { [DAY]: 1 },
    }),
    feed: [entry('t1', 'task_created'), ...at.map((one) => entry('t1', 'task_reminder', one))],
    completed: rest.completedAt === undefined ? {} : { [DAY]: 1 },
  });
  const LATE = `${DAY}T10:00:05.250Z`;
  const done = { completedAt: `${DAY}T10:00:06.000Z`, version: 2 };

  it.each([
    ['nothing when it is given once, after its time', reminded([LATE]), []],
    ['one that was lost', reminded([]), ['lost in notifications']],
    ['one that was doubled', reminded([LATE, LATE]), ['doubled in notifications']],
    ['one before its time', reminded([`${DAY}T10:00:04.999Z`]), ['uninvited in notifications']],
    ['nothing when its time had passed before', reminded([], { remindAt: AT }), []],
    ['one whose time had passed before', reminded([LATE], { remindAt: AT }), ['uninvited in notifications']],
    ['one that nobody wanted', reminded([LATE], { remindAt: null }), ['uninvited in notifications']],
  ])('finds %s', (_, record, expected) => {
    expect(kinds(client([{}]), record)).toEqual(expected);
  });

  it.each([[[LATE]], [[]]])('allows a task that was done meanwhile %j', (at) => {
    const changes: ChangeRecord[] = [
      { kind: 'task_completed', description: null, told: 'acknowledged', operation: null },
    ];
    const record = reminded(at, done);
    const feed = [...record.feed, entry('t1', 'task_completed')];
    expect(kinds(client([{ changes }]), { ...record, feed })).toEqual([]);
  });

  it('are measured from their time', () => {
    expect(latenessIn(reminded([LATE]))).toEqual([{ dueAt: Date.parse(DUE), at: Date.parse(LATE) }]);
  });
});
