import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Secrets {
  keysFolder: string;
  adminPasswordFile: string;
  /** Set when this start made it, which is the time to tell it. */
  newAdminPassword: string | undefined;
  internalToken: string;
  rateLimitExemptToken: string;
  operationSecret: string;
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
export function openSecrets(dataFolder: string): Secrets {
  const keysFolder = join(dataFolder, 'keys');
  mkdirSync(keysFolder, { recursive: true, mode: 0o700 });
  const adminPasswordFile = join(dataFolder, 'admin-password');
  const admin = secretIn(adminPasswordFile, 15);
  return {
    keysFolder,
    adminPasswordFile,
    newAdminPassword: admin.isNew ? admin.value : undefined,
    internalToken: secretIn(join(keysFolder, 'internal-token'), 32).value,
    rateLimitExemptToken: secretIn(join(keysFolder, 'rate-limit-exempt-token'), 32).value,
    operationSecret: secretIn(join(keysFolder, 'operation-secret'), 32).value,
  };
}
