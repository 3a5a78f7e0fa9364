import type { z } from 'zod';
import type { ProblemCode } from './problems.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type ServiceName = 'gateway' | 'auth' | 'task' | 'notification' | 'analytics';

/** The announced end of a route. */
export interface Deprecated {
  /** From when on nobody should start to use it (RFC 9745). */
  readonly since: Date;
  /** From when on it may be gone (RFC 8594). */
  readonly sunset: Date;
  /** The page that says what to use instead. */
  readonly link: string;
}

export interface RouteOptions {
  readonly summary: string;
  /** Who answers. Reads and requests with secrets reach it by internal HTTP under the same path. */
  readonly service: ServiceName;
  /** `read` and `secret` go by internal HTTP, `command` over the bus, `local` is answered by the gateway. */
  readonly kind: 'read' | 'secret' | 'command' | 'local';
  /** Who may call. Default `user`. */
  readonly access?: 'public' | 'user' | 'admin';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly ifMatch?: 'required' | 'optional';
  readonly success: {
    readonly status: number;
    readonly body?: z.ZodType;
    readonly contentType?: string;
    /** Sent while it is read, so that nothing is known of the whole when it begins. */
    readonly streamed?: true;
  };
  /** What an answer of 202 without a body means, where the route may give one beside its success. */
  readonly accepted?: string;
  /** Response headers worth documenting. */
  readonly headers?: readonly string[];
  /** Told in the headers of its answers and in the OpenAPI document. Default: it stays. */
  readonly deprecated?: Deprecated;
  /** Problems beside those that any route may answer. */
  readonly problems?: readonly ProblemCode[];
}

export interface Route extends RouteOptions {
  readonly method: Method;
  /** OpenAPI form: `/v1/tasks/{id}`. */
  readonly path: string;
}

/** Whether its answer has an ETag, which a client may send back in If-None-Match (RFC 9110 13.1.2). */
export function isConditional({ method, kind, success }: Route): boolean {
  const isRead = kind === 'read' || kind === 'local';
  return method === 'GET' && isRead && success.body !== undefined && success.streamed !== true;
}

/** Declares an HTTP route of the public API: validation, documentation and the gateway's binding come from it. */
export function route<const O extends RouteOptions>(method: Method, path: string, options: O): Route & O {
  return Object.freeze({ method, path, ...options });
}
