import { expect, it } from '@jest/globals';
import { turn } from './delivery.fixture.js';
import { SingleFlight } from './single-flight.js';

it('runs once at a time, and once more for all that was asked for meanwhile', async () => {
  const gates: (() => void)[] = [];
  const flight = new SingleFlight(() => new Promise((resolve) => gates.push(resolve)));
  flight.poke();
  await turn();
  flight.poke();
  flight.poke();
  await turn();
  expect(gates).toHaveLength(1);
  gates[0]?.();
  await turn();
  expect(gates).toHaveLength(2);
  gates[1]?.();
  await flight.idle();
  expect(gates).toHaveLength(2);
});

it('hands a fault over and works on', async () => {
  const faults: unknown[] = [];
  let runs = 0;
  const flight = new SingleFlight(
    () => Promise.reject(new Error(`run ${String((runs += 1))}`)),
    (fault) => faults.push(fault),
  );
  flight.poke();
  await flight.idle();
  flight.poke();
  await flight.idle();
  expect(faults).toEqual([new Error('run 1'), new Error('run 2')]);
});

it('leaves time between two runs, so that what is asked for meanwhile shares one', async () => {
  const asked = new Set<string>();
  const runs: string[][] = [];
  const flight = new SingleFlight(
    () => {
      runs.push([...asked]);
      asked.clear();
      return Promise.resolve();
    },
    undefined,
    1_000,
  );
  const ask = (what: string) => {
    asked.add(what);
    flight.poke();
  };
  ask('a');
  await turn();
  ask('b');
  await turn();
  ask('c');
  await flight.idle();
  expect(runs).toEqual([['a'], ['b', 'c']]);
});
