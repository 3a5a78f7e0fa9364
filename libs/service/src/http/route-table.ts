import type { FastifyInstance } from 'fastify';

/** Which methods a path has: a path that exists under another method is answered 405, not 404. */
export class RouteTable {
  readonly #routes: { readonly method: string; readonly parts: readonly string[] }[] = [];

  /** Learns of the routes that are added from now on. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      // Plugins such as CORS answer one method on every path, which makes no path exist.
      if (url.includes('*')) return;
      for (const one of [method].flat()) this.#routes.push({ method: one, parts: url.split('/') });
    });
  }

  /** Empty where there is no such path; else `OPTIONS` is among them, which every path answers. */
  methodsOf(url: string): string[] {
    const parts = url.replace(/\?.*/, '').split('/');
    const methods = this.#routes.filter((route) => fits(route.parts, parts)).map(({ method }) => method);
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
  );
}
