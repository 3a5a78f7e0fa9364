import { authAudit, authCommands } from '@taskwire/contracts';
import type { ServiceDefinition } from '@taskwire/service';
import { AuthModule } from './auth.module.js';
import { type Config, config } from './config.js';
import { migrations, openDatabase } from './database.js';
import { passkeyFindings } from './passkeys/relying-party.js';
import type { PrismaClient } from './generated/prisma/client.js';

export const service: ServiceDefinition<Config, PrismaClient> = {
  name: 'auth',
  port: 5001,
  config,
  database: { migrations, open: openDatabase },
  groups: [authCommands, authAudit],
  findings: passkeyFindings,
  module: (context) => AuthModule.on(context),
};
