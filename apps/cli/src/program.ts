import { Command } from 'commander';
import { auditCommand } from './audit/command.js';
import { deadLetters } from './dead-letters/command.js';
import { doctorCommand } from './doctor/command.js';
import { grantRole } from './grant-role.js';
import { groupsCommand } from './groups.js';
import { InternalApi, TOKEN_FILE } from './internal-api.js';
import { keysCommand } from './keys.js';
import { SERVICES } from './services.js';
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
    .action((email: string, role: string) => grantRole(new InternalApi('auth', env), email, role, print));
  taskwire.addCommand(deadLetters(env, print));
  taskwire.addCommand(keysCommand(env, print));
  taskwire.addCommand(auditCommand(env, print));
  taskwire.addCommand(topologyCommand(env, print));
  taskwire.addCommand(groupsCommand(env, print));
  taskwire.addCommand(doctorCommand(env, print));
  taskwire.addHelpText('after', ENVIRONMENT);
  return taskwire;
}

const addresses = Object.entries(SERVICES).map(
  ([service, { setting, url }]) => `  ${setting.padEnd(19)}  where ${service} listens (default ${url})`,
);
const ENVIRONMENT = `
Environment:
${addresses.join('\n')}
  INTERNAL_TOKEN       what services prove themselves with; or INTERNAL_TOKEN_FILE
                       (default: the file ${TOKEN_FILE} in this folder, which "npm start" writes)
  TASKWIRE_DATA, HOST, AUTH_PORT and so on
                       as "npm start" has them: other defaults of the above
  OPERATOR_TOKEN       dead-letters, doctor, audit: your own access token instead, so that the audit names you
  GATEWAY_URL          doctor: where the gateway listens (default http://127.0.0.1:3000)
  BUS and its settings topology, groups: the broker, as the services have it

Exit codes: 0 it was done or shown; 1 it was not, and the message says why. Of doctor and of topology plan --check:
1 also when something must be mended.`;
