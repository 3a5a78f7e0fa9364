import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { BEHIND_ANOTHER, ConfirmLane, type ConfirmSource } from './confirm-lane.js';

const PART = 'topic\0' + '0';

/** A broker that answers by hand. */
class Source implements ConfirmSource {
  readonly published: string[] = [];
  readonly open = new Map<string, (error: SendError | undefined) => void>();
  refused: string | undefined;
  opening = false;
  timesGivenUp = 0;
  throwAt: string | undefined;

  refusal(): string | undefined {
    return this.refused;
  }

  publish(message: OutgoingMessage, confirmed: (error: SendError | undefined) => void): void {
    const text = message.body.toString().replaceAll('\0', '');
    if (text === this.throwAt) throw new Error('cannot write');
    this.published.push(text);
    this.open.set(text, confirmed);
  }

  givenUp(): void {
    this.timesGivenUp += 1;
  }

  confirm(...texts: string[]): void {
    for (const text of texts) this.answer(text);
  }

  answer(text: string, error?: SendError): void {
    this.open.get(text)?.(error);
    this.open.delete(text);
  }
}

const notStored = (text: string) => new SendError('not-stored', text);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => String(i));

const begun: { readonly source: Source; readonly lane: ConfirmLane }[] = [];
afterEach(() => {
  // What is still unconfirmed would be waited for.
  for (const { source, lane } of begun.splice(0)) {
    source.refused = 'the test is over';
    lane.giveUp('the test is over');
  }
});

function begin() {
  const source = new Source();
  const lane = new ConfirmLane(source);
  begun.push({ source, lane });
  const outcomes = new Map<string, string>();
  const add = (texts: readonly string[], broken = new Set<string>(), bytes = 0) => {
    for (const text of texts) {
      const message = { topic: 'topic', partition: 0, key: '', headers: {} };
      const body = Buffer.concat([Buffer.from(text), Buffer.alloc(bytes)]);
      const settle = (error: SendError | undefined) => void outcomes.set(text, error?.outcome ?? 'stored');
      lane.add({ message: { ...message, body }, part: PART, broken, settle });
    }
    return broken;
  };
  return { source, lane, outcomes, add };
}

const all = (texts: readonly string[], outcome: string) =>
  new Map(texts.map((text) => [text, outcome] as const));
const settled = () => new Promise<void>((resolve) => queueMicrotask(resolve));

describe('ConfirmLane', () => {
  it('waits for its way to the broker to open, and no longer than until it is known that it does not', async () => {
    const { source, lane, outcomes, add } = begin();
    source.opening = true;
    add(['a']);
    lane.feed();
    expect(source.published).toEqual([]);
    source.opening = false;
    lane.feed();
    source.confirm('a');
    await settled();
    source.opening = true;
    add(['b']);
    lane.feed();
    source.opening = false;
    source.refused = 'no way';
    lane.feed();
    expect(outcomes).toEqual(new Map([...all(['a'], 'stored'), ...all(['b'], 'not-stored')]));
  });

  it('has one batch unconfirmed at a time, and the next follows by itself', async () => {
    const { source, lane, outcomes, add } = begin();
    add(['a', 'b']);
    lane.feed();
    add(['c']);
    lane.feed();
    expect(source.published).toEqual(['a', 'b']);
    source.confirm('b');
    await settled();
    expect(source.published).toEqual(['a', 'b']);
    expect(outcomes.size).toBe(0);
    source.confirm('a');
    await settled();
    expect(source.published).toEqual(['a', 'b', 'c']);
    source.confirm('c');
    expect(outcomes).toEqual(all(['a', 'b', 'c'], 'stored'));
  });

  it('bounds a batch by 200 messages', async () => {
    const { source, lane, add } = begin();
    add(upTo(450));
    lane.feed();
    expect(source.published).toHaveLength(200);
    source.confirm(...upTo(200));
    await settled();
    expect(source.published).toHaveLength(400);
  });

  it('bounds a batch by its bytes, and lets one that is larger go alone', async () => {
    const { source, lane, add } = begin();
    add(['a', 'b', 'c'], new Set(), 3 * 1024 ** 2);
    lane.feed();
    expect(source.published).toEqual(['a', 'b']);
    source.confirm('a', 'b');
    await settled();
    expect(source.published).toEqual(['a', 'b', 'c']);
  });

  it('calls unknown what was stored behind a message that was not, so that both are sent again in order', () => {
    const { source, lane, outcomes, add } = begin();
    const broken = add(['a', 'b', 'c']);
    lane.feed();
    source.confirm('a');
    source.answer('b', notStored('nack'));
    source.confirm('c');
    expect([...outcomes]).toEqual([
      ['a', 'stored'],
      ['b', 'not-stored'],
      ['c', 'unknown'],
    ]);
    expect(broken).toEqual(new Set([PART]));
  });

  it('does not publish what follows a failure in the same send, and goes on with other sends', async () => {
    const { source, lane, outcomes, add } = begin();
    add(upTo(250));
    add(['other']);
    lane.feed();
    source.confirm(...upTo(199));
    source.answer('199', notStored('returned'));
    await settled();
    expect(source.published).toHaveLength(201);
    expect(source.published.at(-1)).toBe('other');
    source.confirm('other');
    expect([...outcomes.values()].filter((outcome) => outcome === 'stored')).toHaveLength(200);
    expect(outcomes.get('200')).toBe('not-stored');
    expect(outcomes.get('other')).toBe('stored');
  });

  it('refuses at once what it can not publish, and what is given while it can is sent', () => {
    const { source, lane, outcomes, add } = begin();
    source.refused = 'no connection';
    add(['a', 'b']);
    lane.feed();
    expect(source.published).toEqual([]);
    expect(outcomes).toEqual(all(['a', 'b'], 'not-stored'));
    source.refused = undefined;
    add(['c']);
    lane.feed();
    source.confirm('c');
    expect(outcomes.get('c')).toBe('stored');
  });

  it('knows that nothing was written from a throw on, also in the middle of a batch', () => {
    const { source, lane, outcomes, add } = begin();
    source.throwAt = 'b';
    add(['a']);
    add(['b']);
    add(['c']);
    lane.feed();
    expect(source.published).toEqual(['a']);
    expect(outcomes.size).toBe(0);
    source.confirm('a');
    expect([...outcomes]).toEqual([
      ['a', 'stored'],
      ['b', 'not-stored'],
      ['c', 'not-stored'],
    ]);
  });

  it('ends a batch of which nothing could be written', async () => {
    const { source, lane, outcomes, add } = begin();
    source.throwAt = 'a';
    add(['a']);
    lane.feed();
    expect(outcomes.get('a')).toBe('not-stored');
    await lane.idle();
  });

  it('gives up with what it knows: stored where confirmed, unknown where not', async () => {
    const { source, lane, outcomes, add } = begin();
    add(['a']);
    add(['b']);
    lane.feed();
    add(['c']);
    source.confirm('a');
    lane.giveUp('lost');
    await settled();
    expect(outcomes.get('a')).toBe('stored');
    expect(outcomes.get('b')).toBe('unknown');
    expect(source.published).toEqual(['a', 'b', 'c']);
  });

  it('does not take a confirmation of a batch that was given up for one of the next', async () => {
    const { source, lane, outcomes, add } = begin();
    add(['a']);
    lane.feed();
    lane.giveUp('lost');
    add(['b']);
    lane.feed();
    await settled();
    source.confirm('a');
    await settled();
    expect(outcomes).toEqual(all(['a'], 'unknown'));
    source.confirm('b');
    expect(outcomes.get('b')).toBe('stored');
  });

  it('says what is behind another', () => {
    const { lane, add, outcomes } = begin();
    add(['a'], new Set([PART]));
    lane.feed();
    expect(outcomes.get('a')).toBe('not-stored');
    expect(BEHIND_ANOTHER).toContain('earlier');
  });
});

describe('ConfirmLane without confirmation', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('waits for a time, then gives the channel up', () => {
    const { source, lane, outcomes, add } = begin();
    add(['a']);
    lane.feed();
    jest.advanceTimersByTime(4_000);
    expect(outcomes.size).toBe(0);
    jest.advanceTimersByTime(1_000);
    expect(outcomes.get('a')).toBe('unknown');
    expect(source.timesGivenUp).toBe(1);
  });

  it('leaves no timer behind', () => {
    const { source, lane, add } = begin();
    add(['a']);
    lane.feed();
    source.confirm('a');
    expect(jest.getTimerCount()).toBe(0);
  });
});
