import { Scope } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Account } from '../accounts/account.js';
import type { ApiToken as Row, Prisma, PrismaClient } from '../generated/prisma/client.js';
import type { ApiToken } from './api-token.js';

type Client = Prisma.TransactionClient;

export class ApiTokenStore {
  constructor(private readonly db: PrismaClient) {}

  async add(tx: Transaction, { scopes, ...token }: ApiToken): Promise<void> {
    const data = { ...token, scopes: [...scopes] };
    await unwrap<Client>(tx).apiToken.create({ data, select: { id: true } });
  }

  count(tx: Transaction, accountId: string): Promise<number> {
    return unwrap<Client>(tx).apiToken.count({ where: { accountId } });
  }

  async list(accountId: string): Promise<ApiToken[]> {
    const orderBy = [{ createdAt: 'desc' }, { id: 'desc' }] as const;
    return (await this.db.apiToken.findMany({ where: { accountId }, orderBy: [...orderBy] })).map(tokenOf);
  }

  /** The token with this hash and its account, whatever state they are in; notes that it is used. */
  async use(hash: Uint8Array<ArrayBuffer>, now: Date): Promise<{ token: ApiToken; account: Account } | null> {
    const found = await this.db.apiToken.findUnique({ where: { hash }, include: { account: true } });
    if (found === null) return null;
    const { account, ...row } = found;
    await this.db.apiToken.updateMany({ where: { hash }, data: { lastUsedAt: now } });
    return { token: tokenOf(row), account };
  }

  /** Removes those of an account, or one of them. Answers the ids of those that were there. */
  async remove(tx: Transaction, accountId: string, id?: string): Promise<string[]> {
    const { apiToken } = unwrap<Client>(tx);
    const where = { accountId, ...(id !== undefined && { id }) };
    const found = await apiToken.findMany({ where, select: { id: true } });
    await apiToken.deleteMany({ where });
    return found.map((token) => token.id);
  }
}

/** A scope that there is no more allows nothing. */
function tokenOf({ scopes, ...row }: Row): ApiToken {
  return { ...row, scopes: scopes.flatMap((scope) => Scope.safeParse(scope).data ?? []) };
}
