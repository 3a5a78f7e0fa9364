import { Controller, Get, Header, Inject, Param, Req } from '@nestjs/common';
import { Uuid } from '@taskwire/contracts';
import { ProblemError } from '@taskwire/service';
import { mailboxPage, messagePage } from './mailbox-page.js';
import { MailboxStore } from './mailbox-store.js';

const SHOWN = 200;
const HTML = 'text/html; charset=utf-8';
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
/** With a page that anybody on this machine may read, a name that a foreign site points at us must not work. */
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Whether the mailbox page may be shown, and to whom. */
export class MailboxAccess {
  constructor(private readonly access: 'anybody' | 'local' | 'nobody') {}

  check(host: string | undefined): void {
    if (this.access === 'anybody') return;
    if (this.access === 'local' && LOCAL_HOST.test(host ?? '')) return;
    throw new ProblemError('not_found');
  }
}

interface Request {
  readonly headers: { readonly host?: string | undefined };
}

/** Emails as they would have been sent, while no SMTP server is set. */
@Controller('mailbox')
export class MailboxController {
  constructor(
    @Inject(MailboxStore) private readonly mailbox: MailboxStore,
    @Inject(MailboxAccess) private readonly access: MailboxAccess,
  ) {}

  @Get()
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('cache-control', 'no-store')
  async list(@Req() { headers }: Request): Promise<string> {
    this.access.check(headers.host);
    return mailboxPage(await this.mailbox.list(SHOWN));
  }

  @Get(':id')
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('cache-control', 'no-store')
  async show(@Req() { headers }: Request, @Param('id') id: string): Promise<string> {
    this.access.check(headers.host);
    const message = Uuid.safeParse(id).success ? await this.mailbox.find(id) : null;
    if (message === null) throw new ProblemError('not_found', 'there is no such email');
    return messagePage(message);
  }
}
