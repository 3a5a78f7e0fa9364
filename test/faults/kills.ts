import type { Load } from './clients.ts';
import type { Deployment } from './deployment.ts';
import { until } from './processes.ts';
import type { Victim } from './victims.ts';

/** Commands settled for each kill: a platform that gets nothing done between two kills is not under load. */
export const SETTLED_PER_KILL = 6;
/** For one kill: reach the point with work in hand, end, start again. */
const KILL_LIMIT_MS = 120_000;
/** For the load of one kill, while every victim is away now and then. */
const LOAD_LIMIT_MS = 180_000;

export interface Kill {
  readonly process: string;
  readonly point: string;
  /** Messages that it had in hand. */
  readonly inHand: number;
  /** In ms since 1970. */
  readonly at: number;
}

/** Lets the next kill happen only when the clients have got enough done for it, whoever is the victim. */
export class Pace {
  readonly #load: Load;
  #armed = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  async next(): Promise<void> {
    this.#armed += 1;
    const needed = this.#armed * SETTLED_PER_KILL;
    await until(
      `${needed} commands are settled`,
      () => Promise.resolve(this.#load.settled >= needed || `${this.#load.settled}`),
      LOAD_LIMIT_MS,
    );
  }
}

/** Arms one point after the other; the process ends itself when it comes there with work in hand. Answers the kills. */
export async function killRepeatedly(deployment: Deployment, victim: Victim, pace: Pace): Promise<Kill[]> {
  const { process, points, kills } = victim;
  const arm = (point: string, kill: number) => {
    for (const instance of deployment.instances(process)) instance.arm(point, kill);
  };
  const before = deployment.kills(process).length;
  for (let n = 0; n < kills; n += 1) {
    const point = points[n % points.length] as string;
    await pace.next();
    const [killed, restarts] = [deployment.kills(process).length, deployment.restarts(process)];
    const instances = deployment.instances(process);
    await until(
      `kill ${n + 1} of ${process} at ${point}`,
      () => {
        // Again and again: an instance may have been added, or have ended for another reason.
        if (deployment.kills(process).length === killed) arm(point, killed);
        return Promise.resolve(deployment.kills(process).length > killed);
      },
      KILL_LIMIT_MS,
    );
    arm('', killed);
    // One that was on its way out when it was killed stays away.
    const isOneGone = () => instances.some((one) => !deployment.instances(process).includes(one));
    await until(
      `${process} is started again`,
      () => Promise.resolve(deployment.restarts(process) > restarts || isOneGone()),
      KILL_LIMIT_MS,
    );
  }
  return deployment
    .kills(process)
    .slice(before)
    .map((line) => {
      const [point = '', inHand, at] = line.split(' ');
      return { process, point, inHand: Number(inHand), at: Number(at) };
    });
}
