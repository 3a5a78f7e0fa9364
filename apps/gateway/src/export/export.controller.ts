import { Readable } from 'node:stream';
import { Controller, Inject, StreamableFile } from '@nestjs/common';
import { exportRoutes } from '@taskwire/contracts';
import { Caller, Route } from '@taskwire/service';
import type { SharedLimit } from '@taskwire/service/redis';
import { tooMany } from '../limits/limits.js';
import { AccountExports } from './account-export.js';

export const EXPORT_LIMIT = Symbol('ExportLimit');

@Controller()
export class ExportController {
  constructor(
    @Inject(AccountExports) private readonly exports: AccountExports,
    @Inject(EXPORT_LIMIT) private readonly limit: SharedLimit,
  ) {}

  @Route(exportRoutes.account)
  async export(@Caller() caller: Caller): Promise<StreamableFile> {
    const { exceeded, resetSeconds } = await this.limit.take(caller.userId);
    if (exceeded) throw tooMany('an account can be exported a few times a minute', resetSeconds);
    const pieces = this.exports.pieces(caller);
    // Asked for before anything is answered, so that a service that is away is a problem and no half document.
    const { value: first = '' } = (await pieces.next()) as IteratorResult<string, undefined>;
    return new StreamableFile(Readable.from(prepend(first, pieces)), {
      type: 'application/json; charset=utf-8',
      disposition: 'attachment; filename="taskwire-export.json"',
    });
  }
}

async function* prepend(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
