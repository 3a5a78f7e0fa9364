import { Controller, Inject } from '@nestjs/common';
import {
  type AdminUser,
  type AdminUserPage,
  type ListUsersQuery,
  administrationRoutes,
} from '@taskwire/contracts';
import { ProblemError, Query, Route } from '@taskwire/service';
import type { z } from 'zod';
import { type Account, userView } from '../accounts/account.js';
import { AccountListing } from './account-listing-store.js';
import { decodeCursor, encodeCursor } from './listing-cursor.js';

@Controller()
export class UsersReader {
  constructor(@Inject(AccountListing) private readonly listing: AccountListing) {}

  @Route(administrationRoutes.users)
  async users(@Query() { email, cursor, limit }: z.output<typeof ListUsersQuery>): Promise<AdminUserPage> {
    const after = cursor === undefined ? null : decodeCursor(cursor);
    if (after === null && cursor !== undefined) throw badCursor();

    const found = await this.listing.page(email ?? '', after, limit + 1);
    const accounts = found.slice(0, limit);
    const last = found.length > limit ? accounts.at(-1) : undefined;
    return { users: accounts.map(adminView), nextCursor: last === undefined ? null : encodeCursor(last) };
  }
}

function adminView(account: Account): AdminUser {
  return { ...userView(account), disabledAt: account.disabledAt?.toISOString() ?? null };
}

function badCursor(): ProblemError {
  const errors = [{ pointer: '/query/cursor', detail: 'is no cursor: start again without one' }];
  return new ProblemError('validation_failed', undefined, { errors });
}
