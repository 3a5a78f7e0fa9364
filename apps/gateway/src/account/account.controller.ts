import { Controller, Get, Header, Param } from '@nestjs/common';
import { ProblemError } from '@taskwire/service';
import { ACCOUNT_SCRIPT, type AccountPage, accountPage } from './account-pages.js';

const HTML = 'text/html; charset=utf-8';
const MAX_AGE = 'public, max-age=300';
/** As everywhere, but for the page's own script and where it sends to. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGES: readonly string[] = ['confirm', 'reset', 'email'] satisfies AccountPage[];

/** The pages that mailed links open, unless `ACCOUNT_URL` names others. */
@Controller('account')
export class AccountController {
  @Get('account.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('cache-control', MAX_AGE)
  script(): string {
    return ACCOUNT_SCRIPT;
  }

  @Get(':page')
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('cache-control', MAX_AGE)
  page(@Param('page') page: string): string {
    if (!isPage(page)) throw new ProblemError('not_found', 'there is no such page');
    return accountPage(page);
  }
}

function isPage(name: string): name is AccountPage {
  return PAGES.includes(name);
}
