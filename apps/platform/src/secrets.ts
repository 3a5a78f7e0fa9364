import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { filesOf, type Place } from '@taskwire/service/settings';

export interface Secrets {
  keysFolder: string;
  adminPasswordFile: string;
  adminPassword: string;
  /** Set when this start made it, which is the time to tell it. */
  newAdminPassword: string | undefined;
  internalToken: string;
  rateLimitExemptToken: string;
  operationSecret: string;
  webhookKey: string;
}

function secretIn(file: string, bytes: number): { value: string; isNew: boolean } {
  if (existsSync(file)) return { value: readFileSync(file, 'utf8').trim(), isNew: false };
  const value = randomBytes(bytes).toString('base64url');
  // Renamed when it is whole: after a crash there is a secret or none, never half of one.
  writeFileSync(`${file}.new`, `${value}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return { value, isNew: true };
}

/** The secrets of one platform, made at its first start and readable by its user alone. */
export function openSecrets(place: Pick<Place, 'dataFolder'>): Secrets {
  const files = filesOf(place);
  mkdirSync(files.keys, { recursive: true, mode: 0o700 });
  const admin = secretIn(files.adminPassword, 15);
  return {
    keysFolder: files.keys,
    adminPasswordFile: files.adminPassword,
    adminPassword: admin.value,
    newAdminPassword: admin.isNew ? admin.value : undefined,
    internalToken: secretIn(files.internalToken, 32).value,
    rateLimitExemptToken: secretIn(files.rateLimitExemptToken, 32).value,
    operationSecret: secretIn(files.operationSecret, 32).value,
    webhookKey: secretIn(files.webhookKey, 32).value,
  };
}
