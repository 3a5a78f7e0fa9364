import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Effect, effectOf, type Piece } from './effects.js';
import type { Toxic } from './toxic.js';

/** Bytes that wait for a toxic; past it the sender is slowed, as by a full TCP window. */
const MOST_WAITING = 1 << 20;

interface Installed {
  readonly toxic: Toxic;
  readonly effect: Effect;
  readonly removal: AbortController;
}

/** One direction of a connection: everything that `source` sends goes to `target`, in order, through the toxics. */
export class Flow {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #random: () => number;
  readonly #waiting: Piece[] = [];
  readonly #over = new AbortController();
  #waitingBytes = 0;
  #installed: readonly Installed[] = [];
  #isPumping = false;
  #hasEnded = false;

  constructor(source: Socket, target: Socket, random: () => number) {
    this.#source = source;
    this.#target = target;
    this.#random = random;
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', () => {
      this.#hasEnded = true;
      this.#pump();
    });
    target.once('close', () => this.#over.abort());
    source.once('close', () => {
      // What it sent before its proper end is still on its way.
      if (!source.readableEnded) this.#over.abort();
    });
  }

  add(toxic: Toxic): void {
    const removal = new AbortController();
    const ended = AbortSignal.any([removal.signal, this.#over.signal]);
    const effect = effectOf(toxic, {
      close: () => this.#both((socket) => socket.destroy()),
      reset: () => this.#both((socket) => socket.resetAndDestroy()),
      pause: (ms) =>
        sleep(Math.max(0, ms), undefined, { signal: ended }).then(
          () => undefined,
          () => undefined,
        ),
      random: this.#random,
    });
    this.#installed = [...this.#installed, { toxic, effect, removal }];
  }

  remove(toxic: Toxic): void {
    const gone = this.#installed.filter((installed) => installed.toxic === toxic);
    this.#installed = this.#installed.filter((installed) => installed.toxic !== toxic);
    for (const { effect, removal } of gone) {
      // First, so that nothing that its end sets free passes a connection that it closes.
      effect.removed?.();
      removal.abort();
    }
  }

  #both(end: (socket: Socket) => void): void {
    end(this.#source);
    end(this.#target);
  }

  #take(bytes: Buffer): void {
    this.#waiting.push({ bytes, at: performance.now() });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= MOST_WAITING) this.#source.pause();
    this.#pump();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    // What it waits for ends with the connection.
    void this.#passAll().finally(() => (this.#isPumping = false));
  }

  async #passAll(): Promise<void> {
    for (let piece = this.#waiting.shift(); piece; piece = this.#waiting.shift()) {
      const effects = this.#installed.map(({ effect }) => effect);
      for await (const { bytes } of through(effects, piece)) await this.#send(bytes);
      this.#waitingBytes -= piece.bytes.length;
      if (this.#source.isPaused()) this.#source.resume();
    }
    if (!this.#hasEnded || this.#over.signal.aborted) return;
    for (const { effect } of this.#installed) await effect.beforeEnd?.();
    if (this.#target.writable) this.#target.end();
  }

  async #send(bytes: Buffer): Promise<void> {
    if (!this.#target.writable || this.#target.write(bytes)) return;
    await once(this.#target, 'drain', { signal: this.#over.signal }).catch(() => undefined);
  }
}

async function* through(effects: readonly Effect[], piece: Piece): AsyncIterable<Piece> {
  const [first, ...others] = effects;
  if (!first) yield piece;
  else for await (const part of first.pass(piece)) yield* through(others, part);
}
