import type { DynamicModule, Provider } from '@nestjs/common';
import type { ServiceContext } from '@taskwire/service';
import { AccountStore } from './accounts/account-store.js';
import { spelling } from './accounts/account.js';
import { ContactReader } from './accounts/contact.js';
import { FIRST_ADMIN, FirstAdmin, type FirstAdminSettings } from './accounts/first-admin.js';
import { GrantRoleHandler } from './accounts/grant-role.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { ProfileReader } from './accounts/profile.js';
import { RegisterHandler } from './accounts/register.js';
import { UpdateProfileHandler } from './accounts/update-profile.js';
import { DisableUserHandler } from './administration/disable-user.js';
import { AccountListing } from './administration/account-listing-store.js';
import { EnableUserHandler } from './administration/enable-user.js';
import { UsersReader } from './administration/list-users.js';
import { ApiTokenStore } from './api-tokens/api-token-store.js';
import { CreateApiTokenHandler } from './api-tokens/create-api-token.js';
import { ExchangeApiTokenHandler } from './api-tokens/exchange-api-token.js';
import { ApiTokensReader } from './api-tokens/list-api-tokens.js';
import { RevokeApiTokenHandler } from './api-tokens/revoke-api-token.js';
import { RevokeApiTokens } from './api-tokens/revoke-api-tokens.js';
import { AuditStore } from './audit/audit-store.js';
import { AuditTrail } from './audit/audit-trail.js';
import { AuditController } from './audit/audit.controller.js';
import type { Config } from './config.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { JwksReader } from './keys/jwks.js';
import { KeysController } from './keys/keys.controller.js';
import { SigningKeys } from './keys/signing-keys.js';
import { ChangePasswordHandler } from './passwords/change-password.js';
import { ChallengeStore } from './second-factors/challenge-store.js';
import { Challenges } from './second-factors/challenges.js';
import { DisableSecondFactorHandler } from './second-factors/disable-second-factor.js';
import { EnrolSecondFactorHandlers } from './second-factors/enrol-second-factor.js';
import { SecondFactorLoginHandler } from './second-factors/login-second-factor.js';
import { SecondFactorStore } from './second-factors/second-factor-store.js';
import { SecondFactors } from './second-factors/second-factors.js';
import { SecretKey } from './second-factors/secret-key.js';
import { SecondFactorReader } from './second-factors/show-second-factor.js';
import { AccessTokens } from './sessions/access-tokens.js';
import { EndSessionHandlers } from './sessions/end-sessions.js';
import { SessionsReader } from './sessions/list-sessions.js';
import { LoginLimits } from './sessions/login-limits.js';
import { LoginHandler } from './sessions/login.js';
import { LogoutHandler } from './sessions/logout.js';
import { PurgeSessions } from './sessions/purge-sessions.js';
import { RefreshHandler } from './sessions/refresh.js';
import { networkOf, RequestClients } from './sessions/request-client.js';
import { RevocationsReader } from './sessions/revocations.js';
import { MOST_SESSIONS, openSince } from './sessions/session.js';
import { SessionStore } from './sessions/session-store.js';
import { Sessions } from './sessions/sessions.js';

const secrets = [
  RegisterHandler,
  LoginHandler,
  RefreshHandler,
  LogoutHandler,
  ChangePasswordHandler,
  CreateApiTokenHandler,
  SecondFactorLoginHandler,
  EnrolSecondFactorHandlers,
  DisableSecondFactorHandler,
];
const commands = [
  UpdateProfileHandler,
  EndSessionHandlers,
  DisableUserHandler,
  EnableUserHandler,
  RevokeApiTokenHandler,
];
const reads = [ProfileReader, SessionsReader, UsersReader, ApiTokensReader, SecondFactorReader, JwksReader];
const internal = [
  RevocationsReader,
  ContactReader,
  GrantRoleHandler,
  KeysController,
  AuditController,
  ExchangeApiTokenHandler,
];

/** Everything that the auth service serves. */
export class AuthModule {
  static on({ db, config, log }: ServiceContext<Config, PrismaClient>): DynamicModule {
    const keys = new SigningKeys(config.KEYS_DIR, log);
    const limit = {
      perAddress: config.RATE_LIMIT_LOGIN_ADDRESS,
      perAccount: config.RATE_LIMIT_LOGIN_ACCOUNT,
    };
    const tokens = { internal: config.INTERNAL_TOKEN, exempt: config.RATE_LIMIT_EXEMPT_TOKEN };
    const sessions = new SessionStore(db);
    const isFamiliar = async (email: string, network: string) => {
      const addresses = await sessions.addresses(spelling(email), openSince(new Date()), MOST_SESSIONS);
      return addresses.some((address) => networkOf(address) === network);
    };
    const providers: Provider[] = [
      { provide: AccountStore, useValue: new AccountStore(db) },
      { provide: SecondFactorStore, useValue: new SecondFactorStore(db) },
      { provide: SecretKey, useValue: new SecretKey(config.KEYS_DIR) },
      { provide: ApiTokenStore, useValue: new ApiTokenStore(db) },
      { provide: AccountListing, useValue: new AccountListing(db) },
      { provide: AuditStore, useValue: new AuditStore(db) },
      { provide: SessionStore, useValue: sessions },
      { provide: SigningKeys, useValue: keys },
      { provide: AccessTokens, useValue: new AccessTokens(keys) },
      { provide: RequestClients, useValue: new RequestClients(tokens) },
      { provide: LoginLimits, useValue: new LoginLimits(limit, isFamiliar) },
      { provide: FIRST_ADMIN, useValue: firstAdmin(config) },
      AuditTrail,
      PasswordHasher,
      Sessions,
      RevokeApiTokens,
      ChallengeStore,
      Challenges,
      SecondFactors,
      PurgeSessions,
      FirstAdmin,
    ];
    return {
      module: AuthModule,
      controllers: [...secrets, ...commands, ...reads, ...internal],
      providers,
    };
  }
}

function firstAdmin({ ADMIN_EMAIL: email, ADMIN_PASSWORD: password }: Config): FirstAdminSettings | null {
  return email === undefined || password === undefined ? null : { email, password };
}
