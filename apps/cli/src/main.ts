import { CliError } from './cli-error.js';
import { program } from './program.js';

try {
  await program(process.env).parseAsync();
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  console.error(`taskwire: ${error.message}`);
  process.exitCode = 1;
}
