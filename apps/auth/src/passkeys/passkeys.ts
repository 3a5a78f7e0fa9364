import { Inject, Injectable } from '@nestjs/common';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { decodeClientDataJSON, isoBase64URL } from '@simplewebauthn/server/helpers';
import type { CredentialAssertion, NewCredential, PasskeyOptions } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE, ProblemError } from '@taskwire/service';
import { z } from 'zod';
import type { Account } from '../accounts/account.js';
import { AuditTrail, type Circumstances } from '../audit/audit-trail.js';
import { hasNoCertificates } from './attestation.js';
import type { StoredPasskey } from './passkey.js';
import { PasskeyChallengeStore, type Purposed } from './passkey-challenge-store.js';
import { PasskeyStore } from './passkey-store.js';
import { passkeysOff, type RelyingParty } from './relying-party.js';

const NAME = 'Taskwire';
const LIFETIME_MS = 5 * 60_000;
/** EdDSA, ES256, RS256: what authenticators have. */
const ALGORITHMS = [-8, -7, -257];
const ClientData = z.object({ challenge: z.string() });

export const RELYING_PARTY = Symbol('RELYING_PARTY');

/**
 * Challenges to passkeys, and their answers. A challenge is taken before its answer is looked at, so that none is answered
 * twice. Whether the device has asked for a finger or a PIN isn't demanded: the passkey comes after the password.
 */
@Injectable()
export class Passkeys {
  constructor(
    @Inject(RELYING_PARTY) private readonly party: RelyingParty | null,
    @Inject(PasskeyStore) private readonly store: PasskeyStore,
    @Inject(PasskeyChallengeStore) private readonly challenges: PasskeyChallengeStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Throws `passkeys_off` where they are not set up. */
  demandParty(): RelyingParty {
    if (this.party === null) throw passkeysOff();
    return this.party;
  }

  async creationOptions({ id: accountId, email, name }: Account): Promise<PasskeyOptions> {
    const publicKey = await generateRegistrationOptions({
      rpName: NAME,
      rpID: this.demandParty().id,
      // Not the address, which may change and go to somebody else.
      userID: new TextEncoder().encode(accountId),
      userName: email,
      userDisplayName: name,
      timeout: LIFETIME_MS,
      attestationType: 'none',
      excludeCredentials: (await this.store.list(accountId)).map(descriptorOf),
      authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return this.remembered({ ...publicKey }, { accountId, purpose: 'add' });
  }

  /** Null when it is none that was asked for. */
  async made(accountId: string, { response, ...rest }: NewCredential): Promise<WebAuthnCredential | null> {
    const party = this.demandParty();
    const challenge = await this.taken(response.clientDataJSON, { accountId, purpose: 'add' });
    if (challenge === null || !hasNoCertificates(response.attestationObject)) return null;
    const { registrationInfo } = await verifyRegistrationResponse({
      response: { ...rest, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch(unverified);
    return registrationInfo?.credential ?? null;
  }

  /** Throws `not_found` where the account has no passkey. */
  async requestOptions(purposed: Purposed): Promise<PasskeyOptions> {
    const rpID = this.demandParty().id;
    const passkeys = await this.store.list(purposed.accountId);
    if (passkeys.length === 0) throw new ProblemError('not_found', 'the account has no passkey');
    const allowCredentials = passkeys.map(descriptorOf);
    const userVerification = 'preferred';
    const publicKey = await generateAuthenticationOptions({
      ...{ rpID, allowCredentials, userVerification, timeout: LIFETIME_MS },
    });
    return this.remembered({ ...publicKey }, purposed);
  }

  /** Whether a passkey of the account has answered a challenge for this purpose; notes that it was used. */
  async answered(
    purposed: Purposed,
    { response, ...rest }: CredentialAssertion,
    by: Pick<Circumstances, 'session' | 'client'>,
  ): Promise<boolean> {
    const party = this.demandParty();
    const challenge = await this.taken(response.clientDataJSON, purposed);
    if (challenge === null) return false;
    const passkey = await this.store.find(purposed.accountId, isoBase64URL.toBuffer(rest.id));
    if (passkey === null) return false;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...rest, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      // Looked at below: the library doesn't tell it from other faults.
      credential: { id: rest.id, publicKey: passkey.publicKey, counter: 0 },
      requireUserVerification: false,
    }).catch(unverified);
    if (!verified || authenticationInfo === undefined) return false;
    const next = authenticationInfo.newCounter;
    if (next <= passkey.counter && passkey.counter > 0) {
      await this.recordCopy(passkey, by);
      return false;
    }
    return this.outbox.write(({ tx }) => this.store.use(tx, passkey, next, new Date()));
  }

  /** A counter that doesn't grow: somebody has a copy of the key (WebAuthn level 3, 7.2). */
  private async recordCopy(
    { id, accountId }: StoredPasskey,
    by: Pick<Circumstances, 'session' | 'client'>,
  ): Promise<void> {
    const who = { actor: null, subject: accountId, ...by };
    await this.outbox.write(({ tx }) =>
      this.audit.record(tx, { action: 'passkey.counter_refused', details: { id } }, who),
    );
  }

  private async remembered(
    publicKey: PasskeyOptions['publicKey'],
    purposed: Purposed,
  ): Promise<PasskeyOptions> {
    await this.challenges.add(publicKey.challenge, purposed, new Date(Date.now() + LIFETIME_MS));
    return { publicKey };
  }

  /** The challenge that was answered, if it was open for this. */
  private async taken(clientDataJSON: string, purposed: Purposed): Promise<string | null> {
    const challenge = challengeIn(clientDataJSON);
    if (challenge === null) return null;
    const isTaken = await this.outbox.write(({ tx }) =>
      this.challenges.take(tx, challenge, purposed, new Date()),
    );
    return isTaken ? challenge : null;
  }
}

function challengeIn(clientDataJSON: string): string | null {
  try {
    return ClientData.parse(decodeClientDataJSON(clientDataJSON)).challenge;
  } catch {
    return null;
  }
}

/** The library throws at whatever isn't as it should be; nothing outside is asked for it. */
function unverified(): { verified: false; registrationInfo?: undefined; authenticationInfo?: undefined } {
  return { verified: false };
}

function descriptorOf({ credentialId, transports }: StoredPasskey) {
  return { id: isoBase64URL.fromBuffer(credentialId), transports: [...transports] };
}
