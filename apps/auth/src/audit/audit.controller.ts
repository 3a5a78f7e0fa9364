import { Controller, Inject, Query } from '@nestjs/common';
import { AuditEntry, type AuditPage, AuditQuery } from '@taskwire/contracts';
import { OperatorRoute } from '@taskwire/service';
import { AuditStore, type StoredEntry } from './audit-store.js';
import { unseal } from './seal.js';

/** For operators, and `npx taskwire audit`. */
@Controller()
export class AuditController {
  constructor(@Inject(AuditStore) private readonly store: AuditStore) {}

  @OperatorRoute('GET', '/internal/audit')
  async page(@Query() query: unknown): Promise<AuditPage> {
    const { after, limit, subject } = AuditQuery.parse(query);
    const stored = await this.store.page(after, limit, subject);
    const last = stored.length < limit ? undefined : stored.at(-1);
    return { entries: stored.map(withOrigin), next: last?.seq ?? null };
  }
}

function withOrigin({ key, ...entry }: StoredEntry): AuditEntry {
  return { ...entry, origin: originOf(key, entry.sealed) };
}

/** Null when it can't be read: the key is gone, or the entry was changed, which its hash tells. */
function originOf(key: Uint8Array | null, sealed: string | null): AuditEntry['origin'] {
  if (key === null || sealed === null) return null;
  try {
    return AuditEntry.shape.origin.parse(unseal(key, Buffer.from(sealed, 'base64')));
  } catch {
    return null;
  }
}
