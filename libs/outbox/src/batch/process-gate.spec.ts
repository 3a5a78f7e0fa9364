import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ProcessGate } from './process-gate.js';

/** Work that says when it starts, and ends when it is told to. */
function stage() {
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  const work = (name: string) => async () => {
    running.add(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    running.delete(name);
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await turn();
  };
  return { running, work, end };
}

it('lets work run beside other work', async () => {
  const gate = new ProcessGate();
  const { running, work } = stage();
  void gate.beside(work('a'));
  void gate.beside(work('b'));
  await turn();
  expect([...running]).toEqual(['a', 'b']);
});

it('waits for all others before work that has to be alone, and lets nobody in meanwhile', async () => {
  const gate = new ProcessGate();
  const { running, work, end } = stage();
  void gate.beside(work('a'));
  void gate.beside(work('b'));
  void gate.alone(work('poison'));
  void gate.beside(work('later'));
  await end('a');
  expect([...running]).toEqual(['b']);
  await end('b');
  expect([...running]).toEqual(['poison']);
  await end('poison');
  expect([...running]).toEqual(['later']);
});

it('runs those that have to be alone one after the other', async () => {
  const gate = new ProcessGate();
  const { running, work, end } = stage();
  void gate.alone(work('a'));
  void gate.alone(work('b'));
  await turn();
  expect([...running]).toEqual(['a']);
  await end('a');
  expect([...running]).toEqual(['b']);
});

it('is free again after work that failed', async () => {
  const gate = new ProcessGate();
  const failing = () => Promise.reject(new Error('broken'));
  await expect(gate.alone(failing)).rejects.toThrow('broken');
  await expect(gate.beside(failing)).rejects.toThrow('broken');
  expect(await gate.alone(() => Promise.resolve('in'))).toBe('in');
});
