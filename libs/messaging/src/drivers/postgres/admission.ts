/** Lets in at most `most` at once, first come first served; something larger than that goes alone. */
export class Admission {
  #inside = 0;
  readonly #waiting: { readonly count: number; readonly admit: () => void }[] = [];

  constructor(private readonly most: number) {}

  async enter(count: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(count)) {
      this.#inside += count;
      return;
    }
    await new Promise<void>((admit) => this.#waiting.push({ count, admit }));
  }

  leave(count: number): void {
    this.#inside -= count;
    for (let next = this.#waiting[0]; next && this.#fits(next.count); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inside += next.count;
      next.admit();
    }
  }

  #fits(count: number): boolean {
    return this.#inside === 0 || this.#inside + count <= this.most;
  }
}
