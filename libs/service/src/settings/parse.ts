import { z } from 'zod';

/** A variable that can't be used, and what is wanted of it; never its value. */
export interface Fault {
  readonly name: string;
  readonly text: string;
}

/** The environment can't be used; the message names every bad variable once, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  static of(faults: readonly Fault[]): ConfigError {
    const lines = faults.map(({ name, text }) => `\n  ${name}: ${text}`);
    return new ConfigError(`these settings can't be used:${lines.join('')}`);
  }
}

/** The variables of a schema. */
export function namesOf(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The first thing that is wrong with each variable. One whose file can't be read is not missing besides. */
export function oncePerName(faults: readonly Fault[]): Fault[] {
  const first = new Map(faults.toReversed().map((fault) => [fault.name, fault]));
  return faults.filter((fault) => first.get(fault.name) === fault && !first.has(`${fault.name}_FILE`));
}

export function parseSettings<Settings>(
  schema: z.ZodType<Settings>,
  values: Record<string, string>,
): { data: Settings | undefined; faults: Fault[] } {
  const parsed = schema.safeParse(values, {
    error: ({ path }) => wanted(schema, String(path?.[0])),
  });
  const faults = (parsed.error?.issues ?? []).map(({ code, path, message }) => {
    const name = String(path[0]);
    return { name, text: values[name] === undefined && code !== 'custom' ? 'is needed' : message };
  });
  return { data: parsed.data, faults: oncePerName(faults) };
}

/** In place of zod's own words, which say what it found instead of what to write. */
function wanted(schema: z.ZodType, name: string): string {
  let field: unknown = schema instanceof z.ZodObject ? schema.shape[name] : undefined;
  while (field instanceof z.ZodDefault || field instanceof z.ZodOptional) field = field.unwrap();

  if (field instanceof z.ZodEnum) return `must be ${anyOf(field.options.map(String))}`;
  if (field instanceof z.ZodNumber) return `must be a whole number ${range(field.minValue, field.maxValue)}`;
  if (field instanceof z.ZodString && field.minLength)
    return `must have at least ${field.minLength} characters`;
  return "can't be read";
}

function anyOf(options: string[]): string {
  return options.length > 1 ? `one of ${options.join(', ')}` : String(options[0]);
}

function range(least: number | null, most: number | null): string {
  const isBounded = most !== null && most < Number.MAX_SAFE_INTEGER;
  return isBounded ? `from ${least} to ${most}` : `of at least ${least}`;
}
