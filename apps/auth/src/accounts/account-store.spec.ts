import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestStores, accountOf, createTestStores } from '../auth.fixture.js';
import { grantRole } from './account.js';

let test: TestStores;
beforeAll(async () => {
  test = await createTestStores();
});
afterAll(() => test.drop());

const add = (account: ReturnType<typeof accountOf>) =>
  test.inTransaction((tx) => test.accounts.add(tx, account));

describe('accounts', () => {
  it('are found by id, and by any spelling of their address', async () => {
    const account = accountOf({ email: 'grace@example.com', roles: ['user', 'operator'] });
    expect(await add(account)).toBe(true);
    expect(await test.accounts.find(account.id)).toEqual(account);
    expect(await test.accounts.findByEmail(' Grace@EXAMPLE.com')).toEqual(account);
    expect(await test.accounts.findByEmail('grace@example.org')).toBeNull();
  });

  it('have an address for themselves, also when two come at the same moment', async () => {
    const twins = Array.from({ length: 8 }, () => accountOf({ email: 'twin@example.com' }));
    const added = await Promise.all(twins.map(add));
    expect(added.filter(Boolean)).toHaveLength(1);
  });

  it('are changed one after the other', async () => {
    const account = accountOf();
    await add(account);
    const grant = (role: 'admin' | 'operator') =>
      test.inTransaction(async (tx) => {
        const current = await test.accounts.findForChange(tx, { email: account.email });
        if (current !== null) await test.accounts.save(tx, grantRole(current, role));
      });
    await Promise.all([grant('admin'), grant('operator')]);

    const after = await test.accounts.find(account.id);
    expect(after?.version).toBe(3);
    expect(new Set(after?.roles)).toEqual(new Set(['user', 'admin', 'operator']));
  });

  it('change to an address that is free, and to one that two take at the same moment only once', async () => {
    const [ann, bob, taken] = [accountOf(), accountOf(), accountOf()];
    for (const account of [ann, bob, taken]) await add(account);
    const move = (account: ReturnType<typeof accountOf>, email: string) =>
      test
        .inTransaction(async (tx) => {
          if (!(await test.accounts.saveEmail(tx, { ...account, email, version: 2 })))
            throw new Error('taken');
          return 'moved';
        })
        .catch((error: Error) => error.message);

    expect(await move(ann, taken.email)).toBe('taken');
    const moves = await Promise.all([move(ann, 'new@example.org'), move(bob, 'new@example.org')]);
    expect(moves.toSorted()).toEqual(['moved', 'taken']);
  });
});
