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
import { DisableUserHandler } from './administration/disable-user.js';
import { AccountListing } from './administration/account-listing-store.js';
import { EnableUserHandler } from './administration/enable-user.js';
import { UsersReader } from './administration/list-users.js';
import { ResetSecondFactorHandler } from './administration/reset-second-factor.js';
import { ApiTokenStore } from './api-tokens/api-token-store.js';
import { CreateApiTokenHandler } from './api-tokens/create-api-token.js';
import { ExchangeApiTokenHandler } from './api-tokens/exchange-api-token.js';
import { ApiTokensReader } from './api-tokens/list-api-tokens.js';
import { RevokeApiTokenHandler } from './api-tokens/revoke-api-token.js';
import { RevokeApiTokens } from './api-tokens/revoke-api-tokens.js';
import { VerifiedRegistration } from './accounts/verified-registration.js';
import { AuditStore } from './audit/audit-store.js';
import { AuditTrail } from './audit/audit-trail.js';
import { AuditController } from './audit/audit.controller.js';
import { RecordWebhookHandler } from './audit/record-webhook.js';
import type { Config } from './config.js';
import { AccountEmailStore } from './emails/account-email-store.js';
import { AccountEmails } from './emails/account-emails.js';
import { LetterController } from './emails/letter.controller.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { JwksReader } from './keys/jwks.js';
import { KeysController } from './keys/keys.controller.js';
import { SigningKeys } from './keys/signing-keys.js';
import { AddPasskeyHandlers } from './passkeys/add-passkey.js';
import { PasskeyLoginHandlers } from './passkeys/login-passkey.js';
import { ManagePasskeysHandlers } from './passkeys/manage-passkeys.js';
import { PasskeyChallengeStore } from './passkeys/passkey-challenge-store.js';
import { PasskeyCodeHandlers } from './passkeys/passkey-code.js';
import { PasskeyStore } from './passkeys/passkey-store.js';
import { Passkeys, RELYING_PARTY } from './passkeys/passkeys.js';
import type { RelyingParty } from './passkeys/relying-party.js';
import { ChangePasswordHandler } from './passwords/change-password.js';
import { ChallengeStore } from './second-factors/challenge-store.js';
import { Challenges } from './second-factors/challenges.js';
import { CompleteLogin } from './second-factors/complete-login.js';
import { DisableSecondFactorHandler } from './second-factors/disable-second-factor.js';
import { EnrolSecondFactorHandlers } from './second-factors/enrol-second-factor.js';
import { SecondFactorLoginHandler } from './second-factors/login-second-factor.js';
import { RenewRecoveryCodesHandler } from './second-factors/renew-recovery-codes.js';
import { SecondFactorStore } from './second-factors/second-factor-store.js';
import { SecondFactors } from './second-factors/second-factors.js';
import { SecretKey } from './second-factors/secret-key.js';
import { SecondFactorReader } from './second-factors/show-second-factor.js';
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
  ...[CreateApiTokenHandler, SecondFactorLoginHandler, EnrolSecondFactorHandlers, DisableSecondFactorHandler],
  ...[RenewRecoveryCodesHandler, PasskeyLoginHandlers, AddPasskeyHandlers],
  ...[PasskeyCodeHandlers, ManagePasskeysHandlers],
  ...[ChangeEmailHandler, ConfirmEmailHandler, DeleteAccountHandler],
];
const commands = [
  ...[UpdateProfileHandler, EndSessionHandlers],
  ...[DisableUserHandler, EnableUserHandler, ResetSecondFactorHandler, RevokeApiTokenHandler],
];
const events = [RecordWebhookHandler];
const reads = [ProfileReader, SessionsReader, UsersReader, ApiTokensReader, SecondFactorReader, JwksReader];
const internal = [
  ...[RevocationsReader, ContactReader, LetterController, GrantRoleHandler],
  ...[KeysController, AuditController, ExchangeApiTokenHandler],
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
    const challenges = new ChallengeStore(db);
    const passkeyChallenges = new PasskeyChallengeStore(db);
    const isFamiliar = async (email: string, network: string) => {
      const addresses = await sessions.addresses(spelling(email), openSince(new Date()), MOST_SESSIONS);
      return addresses.some((address) => networkOf(address) === network);
    };
    const providers: Provider[] = [
      { provide: AccountStore, useValue: new AccountStore(db) },
      { provide: ChallengeStore, useValue: challenges },
      { provide: SecondFactorStore, useValue: new SecondFactorStore(db) },
      { provide: PasskeyStore, useValue: new PasskeyStore(db) },
      { provide: PasskeyChallengeStore, useValue: passkeyChallenges },
      { provide: RELYING_PARTY, useValue: relyingParty(config) },
      { provide: SecretKey, useValue: new SecretKey(config.KEYS_DIR) },
      { provide: ApiTokenStore, useValue: new ApiTokenStore(db) },
      { provide: AccountListing, useValue: new AccountListing(db) },
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
      {
        provide: PurgeExpired,
        useValue: new PurgeExpired([sessions, emails, registrations, challenges, passkeyChallenges], log),
      },
      AuditTrail,
      PasswordHasher,
      Sessions,
      RevokeApiTokens,
      Challenges,
      CompleteLogin,
      Passkeys,
      SecondFactors,
      AccountEmails,
      ConfirmPassword,
      OpenAccount,
      FirstAdmin,
    ];
    return {
      module: AuthModule,
      controllers: [...secrets, ...commands, ...events, ...reads, ...internal],
      providers,
    };
  }
}

function registration({ REGISTRATION: chosen, NODE_ENV }: Config & CommonConfig): Type<Registration> {
  const mode = chosen ?? (NODE_ENV === 'production' ? 'verified' : 'open');
  return mode === 'open' ? OpenRegistration : VerifiedRegistration;
}

function relyingParty({
  WEBAUTHN_RP_ID: id,
  WEBAUTHN_ORIGINS: origins,
  NODE_ENV,
}: Config & CommonConfig): RelyingParty | null {
  if (id !== undefined && origins !== undefined) return { id, origins };
  return NODE_ENV === 'production' ? null : { id: 'localhost', origins: ['http://localhost:3000'] };
}

function firstAdmin({ ADMIN_EMAIL: email, ADMIN_PASSWORD: password }: Config): FirstAdminSettings | null {
  return email === undefined || password === undefined ? null : { email, password };
}
