import { readFileSync } from 'node:fs';
import { CliError } from './cli-error.js';
import { platformPlace } from './place.js';
import { type Service, SERVICES } from './services.js';

const TIMEOUT_MS = 20_000;
export const TOKEN_FILE = '.taskwire/keys/internal-token';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Token {
  readonly value: string;
  readonly name: string;
  /** What may be wrong with it. */
  readonly advice: string;
}

/** What of a contract's schema is needed to read an answer. */
interface Schema<T> {
  safeParse(body: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The internal HTTP of one service. */
export class InternalApi {
  readonly url: string;
  readonly #setting: string;

  constructor(
    readonly service: Service,
    env: NodeJS.ProcessEnv,
    private readonly token: Token = internalToken(env),
  ) {
    const { setting, url } = SERVICES[service];
    this.#setting = setting;
    // Of several instances any will do.
    this.url = env[setting]?.split(',')[0]?.trim() || platformPlace(env).urlOf(service);
    if (!/^https?:/.test(this.url) || !URL.canParse(this.url)) {
      throw new CliError(`${setting} must be an address such as ${url}, not "${this.url}"`);
    }
  }

  async get<T>(path: string, schema: Schema<T>, query: Query = {}): Promise<T> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) search.set(name, String(value));
    }
    const { status, body } = await this.#ask('GET', `${path}?${search.toString()}`);
    return this.#read(status, body, schema);
  }

  /** What a body of another status than 200 says becomes a CliError. */
  async ask<T>(path: string, body: unknown, schema: Schema<T>): Promise<T> {
    const answer = await this.post(path, body);
    return this.#read(answer.status, answer.body, schema);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.#ask('POST', path, body);
  }

  unexpected(status: number, body: unknown): CliError {
    const { detail, title, traceId, errors } = (body ?? {}) as Record<string, unknown>;
    const trace = traceId === undefined || traceId === '' ? '' : ` (trace ${String(traceId)})`;
    const faults = Array.isArray(errors)
      ? (errors as { pointer: string; detail: string }[]).map((e) => `\n  ${e.pointer}: ${e.detail}`).join('')
      : '';
    return new CliError(
      `${this.service} at ${this.url} answered ${status}: ${String(detail ?? title ?? 'no reason')}${trace}${faults}`,
    );
  }

  #read<T>(status: number, body: unknown, schema: Schema<T>): T {
    if (status !== 200) throw this.unexpected(status, body);
    const result = schema.safeParse(body);
    if (result.success) return result.data;
    throw new CliError(`${this.service} at ${this.url} is of another version: its answer can't be read`);
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const response = await this.#send(path, {
      method,
      headers: {
        authorization: `Bearer ${this.token.value}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403) {
      throw new CliError(
        `${this.service} at ${this.url} does not accept ${this.token.name}: ${this.token.advice}`,
      );
    }
    return { status: response.status, body: await response.json().catch(() => null) };
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(new URL(path, this.url), init);
    } catch (cause) {
      const late = cause instanceof DOMException && cause.name === 'TimeoutError';
      const what = late ? `did not answer within ${TIMEOUT_MS / 1000} s` : 'is not reachable';
      const variables = `${this.#setting.replace('_URL', '_PORT')} and HOST, or ${this.#setting}`;
      const advice = `is the platform running ("npm start")? ${variables}, name another address`;
      throw new CliError(`${this.service} at ${this.url} ${what}: ${advice}`, { cause });
    }
  }
}

/** An operator's own access token, so that what is done bears their name; else the platform's. */
export function operatorToken(env: NodeJS.ProcessEnv): Token {
  const value = env.OPERATOR_TOKEN;
  if (!value) return internalToken(env);
  return { value, name: 'OPERATOR_TOKEN', advice: 'has it expired, or has its account no role operator?' };
}

function internalToken(env: NodeJS.ProcessEnv): Token {
  return { value: readToken(env), name: 'the internal token', advice: 'is it that of this platform?' };
}

function readToken(env: NodeJS.ProcessEnv): string {
  if (env.INTERNAL_TOKEN) return env.INTERNAL_TOKEN;
  const file = env.INTERNAL_TOKEN_FILE || platformPlace(env).tokenFile;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError(
      `no internal token: ${file} can't be read. Run this in the platform's folder, or set TASKWIRE_DATA, INTERNAL_TOKEN or INTERNAL_TOKEN_FILE`,
      { cause },
    );
  }
}
