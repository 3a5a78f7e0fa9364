import sequencer from '@jest/test-sequencer';

const Sequencer = sequencer.default ?? sequencer;

/** Their work is in a suite elsewhere: the files are small, and they wait for brokers more than they work. */
const isLongWait = ({ path }) => /conformance/.test(path);

/** Jest's order, largest first, would leave the conformance suites for the end, to wait alone: they are spread instead. */
export default class SpreadSequencer extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const waits = sorted.filter(isLongWait);
    const others = sorted.filter((test) => !isLongWait(test));
    const step = Math.ceil(others.length / (waits.length + 1));
    return [...waits, undefined].flatMap((wait, at) => [
      ...(wait ? [wait] : []),
      ...others.slice(at * step, (at + 1) * step),
    ]);
  }
}
