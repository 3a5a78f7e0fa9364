/** A reason why Taskwire can't start here. The message is one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
