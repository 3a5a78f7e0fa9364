import { expect, it } from '@jest/globals';
import { withoutRepeats } from './warnings.js';

it('passes each warning on, but not its repeats', () => {
  const heard: string[] = [];
  const warn = withoutRepeats((text) => heard.push(text), 60_000);
  for (const text of ['a', 'a', 'b', 'a']) warn(text);
  expect(heard).toEqual(['a', 'b']);
});

it('passes a repeat on after its time', () => {
  const heard: string[] = [];
  const warn = withoutRepeats((text) => heard.push(text), 0);
  for (const text of ['a', 'a']) warn(text);
  expect(heard).toEqual(['a', 'a']);
});
