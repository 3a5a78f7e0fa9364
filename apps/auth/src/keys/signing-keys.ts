import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@taskwire/telemetry';
import { createFirstKey, createKeyFor, keyFiles, readKey, removeKey, type SigningKey } from './key-files.js';
import { type PhasedKey, phasesOf } from './key-phases.js';

/** So an instance knows what another one made before that signs: a rotation takes 15 s at least. */
const RELOAD_MS = 5_000;

type PublishedKey = PhasedKey<SigningKey, 'next' | 'signing' | 'retiring'>;

/**
 * The Ed25519 keys (PKCS #8, `*.pem`) of a folder that all instances of auth share, read again every few seconds. Each is
 * published; the last by name signs, unless its name ends with a time that is still to come
 * (`...-20270131T170000Z.pem`). A key whose successor has such a name retires by itself.
 */
export class SigningKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  private keys: readonly SigningKey[];
  private timer: NodeJS.Timeout | undefined;

  /** Makes the first key where there is none. Throws when a file can't be read. */
  constructor(
    private readonly folder: string,
    private readonly log: Pick<Logger, 'info' | 'error'>,
    private readonly now: () => number = Date.now,
  ) {
    if (keyFiles(folder).length === 0) createFirstKey(folder);
    this.keys = this.read([]);
  }

  /** The one that signs. */
  get current(): SigningKey {
    const signing = this.phases().find(({ phase }) => phase === 'signing');
    if (signing === undefined) throw new Error(`no signing key in ${this.folder}: check KEYS_DIR`);
    return signing.key;
  }

  /** All that tokens may be verified with, now or soon. */
  get published(): readonly SigningKey[] {
    return this.list().map(({ key }) => key);
  }

  list(): PublishedKey[] {
    return this.phases().filter((phased): phased is PublishedKey => phased.phase !== 'retired');
  }

  /** Makes a key that signs from then on, unless there is a next one already. */
  rotate(signsFrom: Date): void {
    this.keys = this.read(this.keys);
    if (this.phases().some(({ phase }) => phase === 'next')) return;
    createKeyFor(this.folder, signsFrom);
    this.keys = this.read(this.keys);
  }

  /** Keys that can't be read leave everything as it was: tokens go on being signed. */
  reload(): void {
    try {
      this.keys = this.read(this.keys);
      for (const { key, phase } of this.phases()) {
        if (phase !== 'retired') continue;
        removeKey(this.folder, key);
        this.log.info({ kid: key.kid }, 'removed a signing key whose tokens have all expired');
      }
    } catch (error) {
      this.log.error({ err: error }, 'the signing keys could not be read again; those of before are used');
    }
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.reload(), RELOAD_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private phases(): PhasedKey<SigningKey>[] {
    return phasesOf(this.keys, this.now());
  }

  private read(known: readonly SigningKey[]): SigningKey[] {
    const keys = keyFiles(this.folder).map(
      (file) => known.find((key) => key.file === file) ?? readKey(this.folder, file),
    );
    if (keys.length === 0) throw new Error(`no signing key in ${this.folder}: check KEYS_DIR`);
    return keys;
  }
}
