import { Command } from 'commander';
import { grantRole } from './grant-role.js';
import { InternalApi } from './internal-api.js';
import { topologyCommand } from './topology.js';

export function program(env: NodeJS.ProcessEnv, print: (line: string) => void = console.log): Command {
  const taskwire = new Command('taskwire').description('Commands for operators of a Taskwire platform');
  taskwire
    .command('users')
    .description('accounts and their roles')
    .command('grant')
    .description('give an account a role; it holds from the next login or token refresh on')
    .argument('<email>', 'the address of the account')
    .argument('<role>', 'user, admin or operator')
    .action((email: string, role: string) => grantRole(InternalApi.ofAuth(env), email, role, print));
  taskwire.addCommand(topologyCommand(env, print));
  taskwire.addHelpText(
    'after',
    `
Environment:
  AUTH_URL             where auth listens (default ${InternalApi.AUTH_URL})
  INTERNAL_TOKEN       what services prove themselves with; or INTERNAL_TOKEN_FILE
                       (default: the file ${InternalApi.TOKEN_FILE} in this folder, which "npm start" writes)
  TASKWIRE_DATA, HOST, AUTH_PORT  as "npm start" has them: other defaults of the above
  BUS and its settings  topology: the broker, as the services have it`,
  );
  return taskwire;
}
