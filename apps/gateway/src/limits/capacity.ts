import { type Route, routes } from '@taskwire/contracts';
import { ProblemError } from '@taskwire/service';

/** A stream stays open, and has limits of its own. */
const isCounted = ({ success }: Route): boolean => success.contentType !== 'text/event-stream';
const services = new Map(
  routes.filter(isCounted).map(({ method, path, service }) => [`${method} ${path}`, service]),
);

const noop = (): void => undefined;

/**
 * How many requests may be under way at once, for each service behind the gateway: one that is slow takes no place from
 * the others. What is more is refused at once, for whoever waits in line is answered too late as well.
 */
export class Capacity {
  readonly #underWay = new Map<string, number>();

  constructor(private readonly most: number) {}

  /** Takes a place for a request to this route; answers how to give it back. Throws `overloaded` when none is left. */
  enter(method: string, route: string): () => void {
    // Fastify answers HEAD as GET.
    const service = services.get(`${method === 'HEAD' ? 'GET' : method} ${route}`);
    if (service === undefined) return noop;
    const before = this.#underWay.get(service) ?? 0;
    if (before >= this.most) {
      throw new ProblemError('overloaded', undefined, { headers: { 'retry-after': '1' } });
    }
    this.#underWay.set(service, before + 1);
    return () => void this.#underWay.set(service, (this.#underWay.get(service) ?? 0) - 1);
  }
}
