import { Role } from '@taskwire/contracts';
import { CliError } from './cli-error.js';
import type { InternalApi } from './internal-api.js';

export async function grantRole(
  auth: InternalApi,
  email: string,
  roleName: string,
  print: (line: string) => void,
): Promise<void> {
  const role = Role.safeParse(roleName);
  if (!role.success) throw new CliError(`there is no role "${roleName}": use ${Role.options.join(', ')}`);

  const { status, body } = await auth.post('/internal/users/roles', { email, role: role.data });
  if (status === 404) throw new CliError(`there is no account with the email ${email}`);
  if (status !== 200) throw auth.unexpected(status, body);
  print(
    `${email} has the role ${role.data}. It holds from their next login or token refresh on, 10 minutes at most.`,
  );
}
