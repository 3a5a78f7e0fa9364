import { describe, expect, it } from '@jest/globals';
import { command, type MessageContract } from '@taskwire/messaging';
import { z } from 'zod';
import { checkContracts, fails } from './check.js';
import { type Finding, report } from './finding.js';
import {
  type Changes,
  createNote,
  type Fields,
  fields,
  noteCreated,
  replyFields,
  storedOf,
  subscriptionsOf,
} from './notes.fixture.js';

const stored = storedOf([createNote(), noteCreated()]);

function check(contracts: readonly MessageContract[]): Finding[] {
  return checkContracts(contracts, subscriptionsOf(contracts), stored);
}

/** What is found when the event, or the command, becomes this. */
const changedEvent = (changes: Changes) => check([createNote(), noteCreated(changes)]);
const changedCommand = (changes: Changes) => check([createNote(changes), noteCreated()]);
const withField = (changed: Fields): Changes => ({ payload: z.object({ ...fields, ...changed }) });
const withoutField = (name: keyof typeof fields): Changes => {
  const { [name]: _, ...others } = fields;
  return { payload: z.object(others) };
};

const FOLLOWERS = ['mail.notes (mail)', 'count.notes (count)'];
const SERVER = ['note.commands (note)'];
const BEHIND = /one version behind refuse or miss what \w+ sends now/;
const AHEAD = /of this version refuse or lose what \w+ sends one version behind/;

/** Every rule on payloads: the change, what is said of it, and why it breaks. */
const rules: readonly [name: string, changes: Changes, what: string, why: readonly RegExp[]][] = [
  ['a field removed', withoutField('size'), 'payload at /size: the field was removed', [BEHIND, AHEAD]],
  ['an optional field removed', withoutField('hint'), 'at /hint: the field was removed', [BEHIND, AHEAD]],
  ['a new required field', withField({ extra: z.string() }), '/extra: a new required field', [AHEAD]],
  ['a field made optional', withField({ size: fields.size.optional() }), 'became optional', [BEHIND]],
  ['a field made required', withField({ hint: z.string() }), 'became required', [AHEAD]],
  ['null taken', withField({ size: fields.size.nullable() }), 'null was added to the types', [BEHIND]],
  ['null no longer taken', withField({ place: z.string() }), 'null was removed from the types', [AHEAD]],
  ['an integer made a number', withField({ size: z.number().min(0) }), 'integer became number', [BEHIND]],
  ['a value added', withField({ mood: z.enum(['calm', 'glad', 'sad']) }), '"sad" was added to', [BEHIND]],
  ['a value removed', withField({ mood: z.enum(['calm']) }), '"glad" was removed from', [AHEAD]],
  ['any text for values', withField({ mood: z.string() }), 'not only "calm", "glad" any more', [BEHIND]],
  [
    'values for any text',
    withField({ place: z.enum(['here']).nullable() }),
    'only "here" are taken',
    [AHEAD],
  ],
  ['longer text', withField({ text: z.string().min(1).max(300) }), 'maxLength 200 became 300', [BEHIND]],
  ['text without end', withField({ text: z.string().min(1) }), 'maxLength 200 became none', [BEHIND]],
  ['shorter text', withField({ text: z.string().min(1).max(100) }), 'maxLength 200 became 100', [AHEAD]],
  ['empty text', withField({ text: z.string().max(200) }), 'minLength 1 became none', [BEHIND]],
  ['a higher least', withField({ size: z.int().min(5) }), 'minimum 0 became 5', [AHEAD]],
  ['another form', withField({ noteId: z.email() }), 'format "uuid" became "email"', [BEHIND, AHEAD]],
  ['a form demanded', withField({ place: z.uuid().nullable() }), 'format "uuid" is demanded', [AHEAD]],
  ['a pattern dropped', withField({ noteId: z.string() }), 'format "uuid" is not demanded', [BEHIND]],
  [
    'items changed',
    withField({ tags: z.array(z.string().max(30)) }),
    'at /tags/-: maxLength 20 be',
    [BEHIND],
  ],
  ['a record changed', withField({ marks: z.record(z.string(), z.number()) }), 'at /marks/*: ', [BEHIND]],
  [
    'a field removed further down',
    withField({ author: z.object({ name: z.string() }) }),
    'at /author/nick: the field was removed',
    [BEHIND, AHEAD],
  ],
];

describe('the check of contracts', () => {
  it('finds nothing where nothing changed', () => {
    expect(check([createNote(), noteCreated()])).toEqual([]);
  });

  it.each(rules)(
    'refuses in an event %s, and names the subscriptions that break',
    (_, changes, what, why) => {
      const [finding] = changedEvent(changes);
      expect(finding).toMatchObject({ type: 'note.created.v1', level: 'breaking', victims: FOLLOWERS });
      expect(finding?.what).toContain(what);
      expect(finding?.why).toEqual(why.map((one) => expect.stringMatching(one)));
      expect(finding?.todo).toContain('declare note.created.v2 beside it');
    },
  );

  it.each(rules)('refuses in a command %s, and names the service that breaks', (_, changes, what) => {
    const [finding] = changedCommand(changes);
    expect(finding).toMatchObject({ type: 'note.create.v1', level: 'breaking', victims: SERVER });
    expect(finding?.what).toContain(what);
  });

  it.each<[string, Changes, string]>([
    ['a field removed', { reply: z.object({ ...replyFields }).omit({ version: true }) }, 'reply at /version'],
    [
      'a field made optional',
      { reply: z.object({ ...replyFields, version: z.int().optional() }) },
      'optional',
    ],
    [
      'a value added',
      { reply: z.object({ ...replyFields, mood: z.enum(['calm', 'glad', 'sad']) }) },
      '"sad"',
    ],
    ['a rejection added', { rejections: ['full', 'locked'] }, 'rejections: locked was added'],
    ['a rejection removed', { rejections: [] }, 'rejections: full was removed'],
  ])('refuses in what is answered %s, and names who asked', (_, changes, what) => {
    const [finding] = changedCommand(changes);
    expect(finding).toMatchObject({ type: 'note.create.v1', level: 'breaking', victims: ['gateway'] });
    expect(finding?.what).toContain(what);
  });

  it.each<[string, Changes, string]>([
    ['topic', { topic: 'note.facts.v1' }, 'its topic note.events.v1 became note.facts.v1'],
    ['key', { key: (note) => (note as { noteId: string }).noteId }, 'its key /ownerId became /noteId'],
    ['key, computed', { key: () => 'all' }, 'its key /ownerId became computed'],
  ])('refuses another %s', (_, changes, what) => {
    expect(changedEvent(changes)[0]).toMatchObject({ level: 'breaking', what, victims: FOLLOWERS });
  });

  it('sees by its samples that a computed key became another', () => {
    const keyed = (prefix: string) =>
      noteCreated({ key: (note) => `${prefix}${(note as { ownerId: string }).ownerId}` });
    const before = storedOf([keyed('a')]);
    const found = checkContracts([keyed('b')], subscriptionsOf([keyed('b')]), before);
    expect(found.map(({ what }) => what)).toEqual([
      expect.stringMatching(/sample "full" has the key b0198\S+ instead of a0198/),
      expect.stringMatching(/sample "minimal" has the key/),
    ]);
  });

  it('sees by its samples what no schema shows', () => {
    const even = withField({
      size: z
        .int()
        .min(0)
        .refine((size) => size > 1_000, 'must be large'),
    });
    const [finding] = changedEvent(even);
    expect(finding).toMatchObject({ level: 'breaking', victims: FOLLOWERS });
    expect(finding && report(finding)).toMatch(
      /sample "full" of its payload does not fit.*\n.*\n.*size must be large/,
    );
  });

  it('refuses a message of another kind, and a deleted one, by those who were published as its receivers', () => {
    const { payload, topic } = noteCreated();
    const options = { topic, payload, key: noteCreated().key, reply: z.object({}), rejections: [] };
    expect(check([createNote(), command('note.created.v1', options)])[0]).toMatchObject({
      what: 'its kind event became command',
      victims: [...FOLLOWERS, ...SERVER],
    });
    expect(check([createNote()])).toMatchObject([{ what: 'it was deleted', victims: FOLLOWERS }]);
    expect(check([noteCreated()])).toMatchObject([
      { what: 'it was deleted', victims: ['gateway', ...SERVER] },
    ]);
  });

  it('refuses a message that can never be given a field, new ones too', () => {
    const closed = { payload: z.object({ ...fields, author: z.strictObject({ name: z.string() }) }) };
    const [finding] = checkContracts([noteCreated(closed)], subscriptionsOf([noteCreated(closed)]), {
      published: new Map(),
      samples: new Map(),
    });
    expect(finding).toMatchObject({ what: 'payload at /author refuses unknown fields', victims: FOLLOWERS });
    expect(finding?.todo).toContain('.strip()');
  });

  it('refuses a new message that is not stored, and says how to store it', () => {
    const nothing = { published: new Map(), samples: new Map() };
    const [finding] = checkContracts([noteCreated()], subscriptionsOf([noteCreated()]), nothing);
    expect(finding).toMatchObject({ level: 'missing', what: 'it is new, and nothing is stored of it' });
    expect(finding && report(finding)).toContain('npm run contracts:publish');
  });

  it('refuses a published message without its samples, or with too few', () => {
    const { published } = stored;
    const contracts = [noteCreated()];
    const only = new Map([[noteCreated().type, published.get(noteCreated().type)!]]);
    const found = checkContracts(contracts, subscriptionsOf(contracts), {
      published: only,
      samples: new Map(),
    });
    expect(found.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'there is no sample "full" of its payload',
        'no sample of its payload has /author/nick',
      ]),
    );
    expect(found.every(({ level }) => level === 'missing')).toBe(true);
  });

  it.each<[string, Changes, string]>([
    [
      'a new optional field',
      withField({ extra: z.string().optional() }),
      'payload at /extra: a new optional field',
    ],
    [
      'a new optional field further down',
      withField({ author: fields.author.extend({ born: z.int().optional() }) }),
      'payload at /author/born: a new optional field',
    ],
  ])('lets %s pass, and asks to store it', (_, changes, what) => {
    for (const found of [changedEvent(changes), changedCommand(changes)]) {
      expect(found).toMatchObject([{ level: 'unstored', what, victims: [] }]);
      expect(found.some(fails)).toBe(false);
      expect(found[0]?.todo).toContain('npm run contracts:publish');
    }
  });

  it('lets words, and the order of fields and values, change', () => {
    const { noteId, ...others } = fields;
    const mood = z.enum(['glad', 'calm']).describe('How it reads');
    expect(
      changedEvent({ payload: z.object({ ...others, mood, noteId }).meta({ title: 'A note' }) }),
    ).toEqual([]);
  });

  it('lets a schema get a name', () => {
    const author = fields.author.meta({ id: 'NoteAuthor' });
    expect(changedEvent({ payload: z.object({ ...fields, author }) })).toEqual([]);
  });

  it('lets a subscription come and go', () => {
    const contracts = [createNote(), noteCreated()];
    const without = subscriptionsOf(contracts).slice(0, 2);
    const found = checkContracts(contracts, without, stored);
    expect(found).toMatchObject([{ level: 'unstored', what: 'is received by mail.notes now' }]);
  });
});
