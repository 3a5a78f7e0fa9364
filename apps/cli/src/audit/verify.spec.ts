import { describe, expect, it } from '@jest/globals';
import { AUDIT_BEGINNING, type AuditEntry, type AuditPage, auditHash } from '@taskwire/contracts';
import { verify } from './verify.js';

const NOBODY = { actor: null, subject: null, session: null, traceId: null, sealed: null, origin: null };

/** A trail of so many entries, each over the one before. */
function trail(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const said = {
      ...NOBODY,
      seq,
      at: '2026-03-01T08:00:00.000Z',
      action: 'session.started',
      details: `{"n":${seq}}`,
    };
    const { origin: _, ...hashed } = said;
    entries.push({ ...said, hash: auditHash(entries.at(-1)?.hash ?? AUDIT_BEGINNING, hashed) });
  }
  return entries;
}

/** As auth answers it, three at a time. */
const reader =
  (entries: readonly AuditEntry[]) =>
  (after: number): Promise<AuditPage> => {
    const page = entries.filter(({ seq }) => seq > after).slice(0, 3);
    return Promise.resolve({ entries: page, next: page.length < 3 ? null : (page.at(-1)?.seq ?? null) });
  };
const anchor = (entry: AuditEntry | undefined) => `${entry?.seq}:${entry?.hash}`;

describe('an audit trail', () => {
  it.each([1, 3, 7])('of %d entries that nobody touched is whole', async (length) => {
    const entries = trail(length);
    const said = await verify(reader(entries), anchor(entries[0]));
    expect(said).toBe(
      `${length} entries, the chain is whole. Keep this elsewhere, for a later --expect: ${anchor(entries.at(-1))}`,
    );
  });

  it('may be empty', async () => {
    expect(await verify(reader([]), undefined)).toBe('the audit trail is empty');
  });

  const changed = (change: Partial<AuditEntry>) =>
    trail(7).map((e) => (e.seq === 5 ? { ...e, ...change } : e));
  it.each<[string, AuditEntry[], string]>([
    ['an action was changed', changed({ action: 'role.granted' }), 'entry 5 was changed'],
    ['details were changed', changed({ details: '{}' }), 'entry 5 was changed'],
    ['a time was changed', changed({ at: '2026-03-01T09:00:00.000Z' }), 'entry 5 was changed'],
    ['a hash was changed', changed({ hash: '0'.repeat(64) }), 'entry 5 was changed'],
    ['an entry was removed', trail(7).filter(({ seq }) => seq !== 5), 'entries 5 to 5 are missing'],
    ['the beginning was removed', trail(7).slice(2), 'entries 1 to 2 are missing'],
    [
      'two entries changed places',
      trail(7)
        .map((e) => ({ ...e, seq: e.seq === 4 ? 5 : e.seq === 5 ? 4 : e.seq }))
        .sort((a, b) => a.seq - b.seq),
      'entry 4 was changed',
    ],
  ])('is broken where %s', async (_, entries, what) => {
    await expect(verify(reader(entries), undefined)).rejects.toThrow(what);
  });

  it('is broken where its end is missing, or all of it is new, which only a kept entry shows', async () => {
    const kept = anchor(trail(7)[5]);
    await expect(verify(reader(trail(4)), kept)).rejects.toThrow('entries 5 to 6 are missing at the end');
    const anew = trail(7).map(({ origin: _, ...entry }) => ({ ...entry, details: '{}' }));
    let previous = AUDIT_BEGINNING;
    const written = anew.map((entry) => ({
      ...entry,
      origin: null,
      hash: (previous = auditHash(previous, entry)),
    }));
    expect(await verify(reader(written), undefined)).toContain('the chain is whole');
    await expect(verify(reader(written), kept)).rejects.toThrow('entry 6 is another one than expected');
    await expect(verify(reader(trail(7)), 'the last one')).rejects.toThrow('"the last one" is no entry');
  });
});
