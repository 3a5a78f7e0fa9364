export * from './access/access-token-verifier.js';
export * from './access/caller.js';
export {
  ADMIT_CALLER,
  type AdmitCaller,
  EXCHANGE_CREDENTIALS,
  type ExchangeCredentials,
} from './access/caller.guard.js';
export { INTERNAL_TOKEN_HEADER } from './access/internal-token.js';
export { demandScope } from './access/demand-scope.js';
export * from './clients/service-client.js';
export * from './clients/service-clients.js';
export { CommonConfig, ConfigError, parseConfig, settingNames } from './config.js';
export * from './database.js';
export * from './definition.js';
export * from './http/problem-error.js';
export { rawProblem } from './http/raw-problem.js';
export { inServerSpan } from './http/tracing.js';
export { checkedQuery } from './http/schema-faults.js';
export { Body, InternalRoute, OperatorRoute, Params, Query, Route } from './http/route.js';
export * from './migrate.js';
export * from './open-prisma.js';
export * from './run-service.js';
export * from './start-service.js';
export * from './tokens.js';
export { StartRefused } from '@taskwire/messaging';
export type { Logger } from '@taskwire/telemetry';
