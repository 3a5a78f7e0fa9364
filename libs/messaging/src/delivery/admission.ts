/** Lets in at most `most` at once, first come first served; something larger than that goes alone. */
export class Admission {
  #inside = 0;
  readonly #waiting: { readonly count: number; readonly start: () => void }[] = [];

  constructor(private readonly most: number) {}

  /** `start` runs at once or when there is room, in the order of the calls, with nothing in between. */
  enter(count: number, start: () => void): void {
    if (this.#waiting.length > 0 || !this.#fits(count)) {
      this.#waiting.push({ count, start });
      return;
    }
    this.#inside += count;
    start();
  }

  leave(count: number): void {
    this.#inside -= count;
    for (let next = this.#waiting[0]; next && this.#fits(next.count); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inside += next.count;
      next.start();
    }
  }

  #fits(count: number): boolean {
    return this.#inside === 0 || this.#inside + count <= this.most;
  }
}
