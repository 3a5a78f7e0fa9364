import { type IncomingHttpHeaders, request } from 'node:http';

const TIMEOUT_MS = 20_000;

export interface Question {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface Raw {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it says that it is JSON; undefined where there was none. */
  readonly body: unknown;
}

/** Asks by Node's client, which sends what `fetch` refuses to. Rejects when no answer comes, or one that is no HTTP. */
export function ask(api: string, { method, path, headers, body }: Question): Promise<Raw> {
  const { promise, resolve, reject } = Promise.withResolvers<Raw>();
  const { hostname, port } = new URL(api);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { hostname, port, method, path, headers: { ...headers, ...length }, timeout: TIMEOUT_MS };
  const call = request(options, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(parts).toString();
      try {
        const [status, own] = [response.statusCode ?? 0, response.headers];
        resolve({ status, headers: headersOf(own), body: bodyOf(own, text) });
      } catch (cause) {
        reject(new Error(`it answered what is no JSON: ${text}`, { cause }));
      }
    });
  });
  call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  call.on('error', reject);
  call.end(body);
  return promise;
}

function bodyOf(headers: IncomingHttpHeaders, text: string): unknown {
  if (text === '') return undefined;
  return headers['content-type']?.includes('json') ? (JSON.parse(text) as unknown) : text;
}

function headersOf(raw: IncomingHttpHeaders): Headers {
  const all = Object.entries(raw).map(([name, value]) => [name, [value ?? ''].flat().join(', ')] as const);
  return new Headers(Object.fromEntries(all));
}
