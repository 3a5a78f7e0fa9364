import type { Toxic } from './toxic.js';

/** A part of a stream. */
export interface Piece {
  readonly bytes: Buffer;
  /** When it reached the proxy, on the clock of `performance.now()`. */
  readonly at: number;
}

/** What a toxic does to one direction of one connection, from when it was added. */
export interface Effect {
  /** What is passed on of a piece, when its time has come. */
  pass(piece: Piece): AsyncIterable<Piece>;
  /** What happens before the end of the stream is passed on. */
  beforeEnd?(): Promise<void>;
  /** The toxic was removed. */
  removed?(): void;
}

/** The connection that a toxic works on. */
export interface Connection {
  close(): void;
  /** Ends both sides with RST. */
  reset(): void;
  /** Ends early when the toxic is removed or the connection is over. */
  pause(ms: number): Promise<void>;
  /** From 0 to 1, 1 excluded. */
  random(): number;
}

/** Bandwidth is shared out in slices of this length, as in Toxiproxy. */
const SLICE_MS = 100;

export function effectOf(toxic: Toxic, connection: Connection): Effect {
  switch (toxic.type) {
    case 'latency':
      return latency(toxic.latency, toxic.jitter ?? 0, connection);
    case 'bandwidth':
      return bandwidth(toxic.rate, connection);
    case 'slow_close':
      return { pass: unchanged, beforeEnd: () => connection.pause(toxic.delay) };
    case 'timeout':
      return timeout(toxic.timeout, connection);
    case 'reset_peer':
      return resetPeer(toxic.timeout, connection);
    case 'slicer':
      return slicer(toxic, connection);
    case 'limit_data':
      return limitData(toxic.bytes, connection);
  }
}

async function* unchanged(piece: Piece): AsyncIterable<Piece> {
  yield piece;
}

/** Counts from when the data arrived: a burst is late once, not once for each of its pieces. */
function latency(ms: number, jitter: number, { pause, random }: Connection): Effect {
  return {
    async *pass(piece) {
      const delay = ms + jitter * (2 * random() - 1);
      await pause(piece.at + delay - performance.now());
      yield piece;
    },
  };
}

function bandwidth(rate: number, { pause }: Connection): Effect {
  return {
    async *pass({ bytes, at }) {
      for (const part of cut(bytes, () => Math.max(1, rate * SLICE_MS))) {
        await pause(part.length / rate);
        yield { bytes: part, at };
      }
    },
  };
}

/** A stream must not go on behind a hole: what was dropped ends the connection, at the latest when the toxic is removed. */
function timeout(ms: number, { close, pause }: Connection): Effect {
  if (ms > 0) void pause(ms).then(close);
  return { pass: nothing, removed: close };
}

function resetPeer(ms: number, { reset, pause }: Connection): Effect {
  let isHit = false;
  return {
    async *pass() {
      isHit = true;
      await pause(ms);
      reset();
      yield* nothing();
    },
    removed: () => {
      if (isHit) reset();
    },
  };
}

function slicer(
  { average_size, size_variation, delay }: Extract<Toxic, { type: 'slicer' }>,
  { pause, random }: Connection,
): Effect {
  const size = () => Math.max(1, Math.round(average_size + size_variation * (2 * random() - 1)));
  return {
    async *pass({ bytes, at }) {
      for (const part of cut(bytes, size)) {
        yield { bytes: part, at };
        await pause(delay / 1_000);
      }
    },
  };
}

function limitData(limit: number, { close }: Connection): Effect {
  let left = limit;
  return {
    async *pass({ bytes, at }) {
      const part = bytes.subarray(0, left);
      left -= part.length;
      if (part.length > 0) yield { bytes: part, at };
      if (left <= 0) close();
    },
  };
}

async function* nothing(): AsyncIterable<Piece> {}

function* cut(bytes: Buffer, size: () => number): Iterable<Buffer> {
  for (let from = 0; from < bytes.length;) {
    const to = from + size();
    yield bytes.subarray(from, to);
    from = to;
  }
}
