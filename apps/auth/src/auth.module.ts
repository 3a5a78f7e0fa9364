import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { CommonConfig, ServiceContext } from '@taskwire/service';
import { redisAt, SharedRedis } from '@taskwire/service/redis';
import { AccountStore } from './accounts/account-store.js';
import { spelling } from './accounts/account.js';
import { ChangeEmailHandler } from './accounts/change-email.js';
import { ConfirmEmailHandler } from './accounts/confirm-email.js';
import { ConfirmRegistrationHandler } from './accounts/confirm-registration.js';
import { ContactReader } from './accounts/contact.js';
import { DeleteAccountHandler } from './accounts/delete-account.js';
import { FIRST_ADMIN, FirstAdmin, type FirstAdminSettings } from './accounts/first-admin.js';
import { GrantRoleHandler } from './accounts/grant-role.js';
import { OpenAccount } from './accounts/open-account.js';
import { OpenRegistration } from './accounts/open-registration.js';
import { ProfileReader } from './accounts/profile.js';
import { RegisterHandler } from './accounts/register.js';
import { REGISTRATION, type Registration } from './accounts/registration.js';
import { RegistrationStore } from './accounts/registration-store.js';
import { UpdateProfileHandler } from './accounts/update-profile.js';
import { VerifiedRegistration } from './accounts/verified-registration.js';
import { AuditStore } from './audit/audit-store.js';
import { AuditTrail } from './audit/audit-trail.js';
import { AuditController } from './audit/audit.controller.js';
import type { Config } from './config.js';
import { AccountEmailStore } from './emails/account-email-store.js';
import { AccountEmails } from './emails/account-emails.js';
import { LetterController } from './emails/letter.controller.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { JwksReader } from './keys/jwks.js';
import { KeysController } from './keys/keys.controller.js';
import { SigningKeys } from './keys/signing-keys.js';
import { ChangePasswordHandler } from './passwords/change-password.js';
import { ConfirmPassword } from './passwords/confirm-password.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { RequestResetHandler } from './passwords/request-reset.js';
import { ResetPasswordHandler } from './passwords/reset-password.js';
import { PurgeExpired } from './purge-expired.js';
import { AccessTokens } from './sessions/access-tokens.js';
import { EndSessionHandlers } from './sessions/end-sessions.js';
import { SessionsReader } from './sessions/list-sessions.js';
import { LoginLimits } from './sessions/login-limits.js';
import { LoginHandler } from './sessions/login.js';
import { LogoutHandler } from './sessions/logout.js';
import { RefreshHandler } from './sessions/refresh.js';
import { networkOf, RequestClients } from './sessions/request-client.js';
import { RevocationsReader } from './sessions/revocations.js';
import { MOST_SESSIONS, openSince } from './sessions/session.js';
import { SessionStore } from './sessions/session-store.js';
import { Sessions } from './sessions/sessions.js';

const secrets = [
  ...[RegisterHandler, ConfirmRegistrationHandler, LoginHandler, RefreshHandler, LogoutHandler],
  ...[ChangePasswordHandler, RequestResetHandler, ResetPasswordHandler],
  ...[ChangeEmailHandler, ConfirmEmailHandler, DeleteAccountHandler],
];
const commands = [UpdateProfileHandler, EndSessionHandlers];
const reads = [ProfileReader, SessionsReader, JwksReader];
const internal = [
  ...[RevocationsReader, ContactReader, LetterController, GrantRoleHandler],
  ...[KeysController, AuditController],
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
    const redis = redisAt(config.REDIS_URL, log);
    const sessions = new SessionStore(db);
    const emails = new AccountEmailStore(db);
    const registrations = new RegistrationStore(db);
    const isFamiliar = async (email: string, network: string) => {
      const addresses = await sessions.addresses(spelling(email), openSince(new Date()), MOST_SESSIONS);
      return addresses.some((address) => networkOf(address) === network);
    };
    const providers: Provider[] = [
      { provide: AccountStore, useValue: new AccountStore(db) },
      { provide: AccountEmailStore, useValue: emails },
      { provide: RegistrationStore, useValue: registrations },
      { provide: AuditStore, useValue: new AuditStore(db) },
      { provide: SessionStore, useValue: sessions },
      { provide: SigningKeys, useValue: keys },
      { provide: AccessTokens, useValue: new AccessTokens(keys) },
      { provide: RequestClients, useValue: new RequestClients(tokens) },
      { provide: LoginLimits, useValue: new LoginLimits(limit, isFamiliar, redis) },
      ...(redis ? [{ provide: SharedRedis, useValue: redis }] : []),
      { provide: FIRST_ADMIN, useValue: firstAdmin(config) },
      { provide: REGISTRATION, useClass: registration(config) },
      { provide: PurgeExpired, useValue: new PurgeExpired([sessions, emails, registrations], log) },
      AuditTrail,
      PasswordHasher,
      Sessions,
      AccountEmails,
      ConfirmPassword,
      OpenAccount,
      FirstAdmin,
    ];
    return {
      module: AuthModule,
      controllers: [...secrets, ...commands, ...reads, ...internal],
      providers,
    };
  }
}

function registration({ REGISTRATION: chosen, NODE_ENV }: Config & CommonConfig): Type<Registration> {
  const mode = chosen ?? (NODE_ENV === 'production' ? 'verified' : 'open');
  return mode === 'open' ? OpenRegistration : VerifiedRegistration;
}

function firstAdmin({ ADMIN_EMAIL: email, ADMIN_PASSWORD: password }: Config): FirstAdminSettings | null {
  return email === undefined || password === undefined ? null : { email, password };
}
