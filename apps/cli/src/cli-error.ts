/** A fault that its message explains to the operator, with what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
