import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { checkContracts } from './check.js';
import { createNote, fields, noteCreated, subscriptionsOf } from './notes.fixture.js';
import { readStored, writeStored } from './store.js';

const none = { published: new Map(), samples: new Map() };
const same = (json: string) => Promise.resolve(json);
const first = [createNote(), noteCreated()];
const subscriptions = subscriptionsOf(first);
const author = fields.author.extend({ born: z.int().optional() });
const second = [createNote(), noteCreated({ payload: z.object({ ...fields, author }) })];

describe('what is stored of contracts', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'contracts-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const publish = async (contracts: typeof first) =>
    writeStored(folder, contracts, subscriptions, await readStored(folder), same);
  const check = async (contracts: typeof first) =>
    checkContracts(contracts, subscriptions, await readStored(folder));

  it('is nothing at first, and all that the check wants once it is written', async () => {
    expect((await check(first)).map(({ level }) => level)).toEqual(['missing', 'missing']);
    await publish(first);
    expect(await check(first)).toEqual([]);
  });

  it('keeps old samples as they are, and gets one of what is new', async () => {
    const before = (await readStored(folder)).samples.get('note.created.v1');
    expect((await check(second)).map(({ level }) => level)).toEqual(['unstored']);
    await publish(second);

    expect(await check(second)).toEqual([]);
    const after = (await readStored(folder)).samples.get('note.created.v1');
    expect(after?.payload.slice(0, 2)).toEqual(before?.payload);
    expect(after?.payload.map(({ name }) => name)).toEqual(['full', 'minimal', 'full-2']);
    expect(after?.payload[2]?.value).toMatchObject({ author: { born: expect.any(Number) as unknown } });
  });

  it('is the same when it is written again', async () => {
    const file = join(folder, 'samples', 'note.created.v1.json');
    const text = await readFile(file, 'utf8');
    await publish(second);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('refuses from then on to take back what was compatible when it came', async () => {
    expect((await check(first)).map(({ what }) => what)).toContain(
      'payload at /author/born: the field was removed',
    );
  });

  it('says what to do where no sample can be made, and takes one that was written by hand', async () => {
    const odd = fields.size.refine((size) => size % 2 === 1 && size > 1_000, 'must be odd and large');
    const third = [noteCreated({ payload: z.object({ ownerId: fields.ownerId, odd }) })];
    const withoutFile = writeStored(folder, third, subscriptions, none, same);
    await expect(withoutFile).rejects.toThrow(
      /note.created.v1: its payload has no "full" sample.*odd and large/,
    );

    const ownerId = '01980000-0000-7000-8000-000000000001';
    const value = { ownerId, odd: 1_001 };
    const payload = ['full', 'minimal'].map((name) => ({ name, value }));
    const samples = new Map([['note.created.v1', { payload }]]);
    await writeStored(folder, third, subscriptions, { ...none, samples }, same);
    const stored = (await readStored(folder)).samples.get('note.created.v1');
    expect(stored?.payload).toEqual(payload.map((sample) => ({ ...sample, key: ownerId })));
  });

  it('adds no sample that shows nothing new', async () => {
    const either = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
    const fourth = [noteCreated({ payload: z.object({ ownerId: fields.ownerId, either }) })];
    await writeStored(folder, fourth, subscriptions, none, same);
    const stored = await readStored(folder);
    expect(stored.samples.get('note.created.v1')?.payload).toHaveLength(2);
    const found = checkContracts(fourth, subscriptions, stored);
    expect(found).toMatchObject([{ level: 'missing', what: 'no sample of its payload has /either/b' }, {}]);
    expect(found[0]?.todo).toContain('write a sample by hand');
  });

  it('names the file that cannot be read', async () => {
    await writeFile(join(folder, 'published', 'note.broken.v1.json'), '{ "type": 1 }');
    await expect(readStored(folder)).rejects.toThrow('note.broken.v1.json cannot be read');
  });
});
