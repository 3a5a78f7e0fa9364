import type { Passkey as PasskeyView } from '@taskwire/contracts';

type Bytes = Uint8Array<ArrayBuffer>;

export interface StoredPasskey {
  readonly id: string;
  readonly accountId: string;
  readonly credentialId: Bytes;
  /** COSE (RFC 9052). */
  readonly publicKey: Bytes;
  /** Of its signatures, as it said last; 0 forever where it doesn't count. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export function passkeyView({ id, name, createdAt, lastUsedAt }: StoredPasskey): PasskeyView {
  return { id, name, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}
