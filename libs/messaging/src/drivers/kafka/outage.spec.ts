import { describe, expect, it } from '@jest/globals';
import { messageOf, Outage } from './outage.js';

describe('an outage', () => {
  it('is told once, however many notice it', () => {
    const warnings: string[] = [];
    const outage = new Outage((text) => warnings.push(text));
    for (let i = 0; i < 100; i += 1) outage.began(new Error(`refused ${String(i)}`));
    expect(warnings).toEqual([expect.stringContaining('refused 0')]);
  });

  it('is told once also when parts recover and fail in turn', () => {
    const warnings: string[] = [];
    const outage = new Outage((text) => warnings.push(text));
    for (let i = 0; i < 100; i += 1) {
      outage.began(new Error('refused'));
      outage.ended();
    }
    expect(warnings).toHaveLength(1);
  });
});

describe('the message of an error', () => {
  it.each([
    ['a string', 'plain', 'plain'],
    ['an error', new Error('outer'), 'outer'],
    ['an error with a cause', new Error('outer', { cause: new Error('inner') }), 'outer (inner)'],
    [
      'the last of several',
      new AggregateError([new Error('first'), new Error('last', { cause: new Error('inner') })], 'both'),
      'last (inner)',
    ],
    ['several of none', new AggregateError([], 'nothing'), 'nothing'],
  ])('is that of %s', (_what, error, text) => {
    expect(messageOf(error)).toBe(text);
  });
});
