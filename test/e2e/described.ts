import { openApiDocument } from '@taskwire/gateway';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; undefined where there was none. */
  readonly body: unknown;
}

const ID = 'openapi';
const document = openApiDocument('0.0.0');
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ ...document, $id: ID });

/** Paths without parameters first: `/v1/tasks/stats` is no `/v1/tasks/{id}`. */
const templates = Object.keys(document.paths)
  .sort((a, b) => a.split('{').length - b.split('{').length)
  .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`) }));

/**
 * Throws when the API's own description doesn't know this answer: its status, its content type, its body, or a header that
 * it promises. What is no route of the API is answered with a problem.
 */
export function refuseUndescribed(method: string, path: string, answer: HttpAnswer): void {
  const found = templates.find(({ pattern }) => pattern.test(path));
  const operation = found && document.paths[found.path]?.[method.toLowerCase()];
  const called = `${method} ${path} answered ${answer.status}`;
  if (!found || !operation) {
    const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json');
    const isRefused = answer.status >= 400 && answer.status < 500 && isProblem;
    if (path.startsWith('/v1/') && !isRefused) throw new Error(`${called}, and is no route`);
    return;
  }
  const response = operation.responses[answer.status];
  if (!response) throw new Error(`${called}: not in the description of ${method} ${found.path}`);
  const missing = Object.keys(response.headers ?? {}).filter((name) => !answer.headers.has(name));
  if (missing.length > 0) throw new Error(`${called} without its header ${missing.join(', ')}`);
  const types = Object.keys(response.content ?? {});
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
  if (types.length === 0) {
    if (answer.body !== undefined) throw new Error(`${called} with a body; it has none`);
    return;
  }
  if (!types.includes(type)) throw new Error(`${called} as "${type}", not ${types.join(' or ')}`);
  if (!type.endsWith('json')) return;
  const validate = validatorOf(found.path, method, answer.status, type);
  if (!validate(answer.body)) {
    const errors = ajv.errorsText(validate.errors, { dataVar: 'body' });
    throw new Error(`${called} with another body: ${errors}\n${JSON.stringify(answer.body)}`);
  }
}

function validatorOf(path: string, method: string, status: number, type: string): ValidateFunction {
  const pointer = [
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(status),
    'content',
    type,
    'schema',
  ];
  const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  const validate = ajv.getSchema(`${ID}#/${escaped.join('/')}`);
  if (!validate) throw new Error(`no schema at ${pointer.join(' ')}`);
  return validate;
}
