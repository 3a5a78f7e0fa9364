/** Of the drivers' `forgetGroup`, in the same words on every broker: `bus` is the driver's name. */
export class ForgetRefusal {
  readonly #what: string;

  constructor(
    private readonly bus: string,
    group: string,
    topic: string | undefined,
  ) {
    this.#what = topic === undefined ? `group ${group}` : `group ${group} on topic ${topic}`;
  }

  unknown(): Error {
    return new Error(`${this.bus} bus: there is no ${this.#what}`);
  }

  read(members: number): Error {
    return new Error(
      `${this.bus} bus: ${this.#what} has ${String(members)} running instances: stop them first`,
    );
  }
}
