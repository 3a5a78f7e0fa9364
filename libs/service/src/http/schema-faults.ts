import type { ProblemBody } from '@taskwire/contracts';
import type { z } from 'zod';
import { ProblemError } from './problem-error.js';

export type Fault = NonNullable<ProblemBody['errors']>[number];

/** The query as its schema makes it, for handlers without `@Route`; throws `validation_failed`. */
export function checkedQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const { data, faults } = checked(schema, query, '/query');
  if (faults.length > 0) throw new ProblemError('validation_failed', undefined, { errors: faults });
  return data as z.output<Schema>;
}

/** What a schema made of a value, or the value itself and what is wrong with it. */
export function checked(schema: z.ZodType, value: unknown, at: string): { data: unknown; faults: Fault[] } {
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data, faults: [] };
  return { data: value, faults: result.error.issues.flatMap((issue) => faultsOf(issue, at)) };
}

/** RFC 6901 pointers. An unknown field is named itself, not the object that holds it. */
export function faultsOf(issue: z.core.$ZodIssue, at: string): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointer(at, [...issue.path, key]),
      detail: 'is not known here',
    }));
  }
  return [{ pointer: pointer(at, issue.path), detail: issue.message }];
}

function pointer(at: string, path: readonly PropertyKey[]): string {
  const parts = path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
  return [at, ...parts].join('/');
}
