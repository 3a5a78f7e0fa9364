import { expect, it } from '@jest/globals';
import { Admission } from './admission.js';

it('lets in what fits, and the rest in the order of arrival', () => {
  const admission = new Admission(10);
  const started: string[] = [];
  const enter = (name: string, count: number): void => admission.enter(count, () => started.push(name));
  enter('a', 6);
  enter('b', 6);
  enter('c', 1);
  expect(started).toEqual(['a']);
  admission.leave(6);
  expect(started).toEqual(['a', 'b', 'c']);
});

it('lets something larger than the bound go alone', () => {
  const admission = new Admission(10);
  const started: string[] = [];
  admission.enter(5, () => started.push('small'));
  admission.enter(50, () => started.push('large'));
  expect(started).toEqual(['small']);
  admission.leave(5);
  expect(started).toEqual(['small', 'large']);
});
