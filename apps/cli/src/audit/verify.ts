import { AUDIT_BEGINNING, auditHash, type AuditPage } from '@taskwire/contracts';
import { CliError } from '../cli-error.js';

/** Reads the whole trail, page by page; answers what to say when the chain is whole, else throws what is wrong. */
export async function verify(
  read: (after: number) => Promise<AuditPage>,
  expected: string | undefined,
): Promise<string> {
  const anchor = expected === undefined ? undefined : anchorOf(expected);
  let [last, hash] = [0, AUDIT_BEGINNING];
  for (let after: number | null = 0; after !== null;) {
    const { entries, next }: AuditPage = await read(after);
    for (const entry of entries) {
      if (entry.seq !== last + 1) throw new CliError(`entries ${last + 1} to ${entry.seq - 1} are missing`);
      if (auditHash(hash, entry) !== entry.hash) {
        throw new CliError(`entry ${entry.seq} was changed, or the one before it was put in its place`);
      }
      if (anchor?.seq === entry.seq && anchor.hash !== entry.hash) {
        throw new CliError(`entry ${entry.seq} is another one than expected: the trail was written anew`);
      }
      [last, hash] = [entry.seq, entry.hash];
    }
    after = next;
  }
  if (anchor !== undefined && last < anchor.seq) {
    throw new CliError(`entries ${last + 1} to ${anchor.seq} are missing at the end`);
  }
  if (last === 0) return 'the audit trail is empty';
  return `${last} entries, the chain is whole. Keep this elsewhere, for a later --expect: ${last}:${hash}`;
}

function anchorOf(text: string): { seq: number; hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new CliError(`"${text}" is no entry: write <number>:<hash>, as "audit verify" printed it`);
  }
  return { seq: Number(seq), hash };
}
