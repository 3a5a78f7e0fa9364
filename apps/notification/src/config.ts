import { z } from 'zod';

/** Settings of the notification service, beside the common ones. */
export const NotificationConfig = z.object({
  /** Where emails go: `smtp://user:password@host:587`, or `smtps://` for TLS from the start. Without it: to the mailbox page. */
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be a URL such as smtp://user:password@host:587' })
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*[^\s<>@]+@[^\s<>@]+>?$/, 'must be an address such as Taskwire <no-reply@example.org>')
    .default('Taskwire <no-reply@localhost>'),
  /** Where the pages are that mailed links open: `/confirm`, `/reset` and `/email`. Default: the gateway's own. */
  ACCOUNT_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://app.example.org/account' })
    .transform((url) => url.replace(/\/+$/, ''))
    .default('http://127.0.0.1:3000/account'),
  MAIL_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(4),
  /** Encrypts the secrets of webhooks; the same for all instances, and for good. At least 32 characters, for example from `openssl rand -hex 32`. */
  WEBHOOK_KEY: z.string().min(32),
  /** Where webhooks may go: `public` is by HTTPS to public addresses, `any` anywhere, for development. */
  WEBHOOK_TARGETS: z.enum(['public', 'any']).default('public'),
  /** Endpoints that are delivered to at once. */
  WEBHOOK_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(16),
  /** `on` shows the mailbox page although the service is reachable from other machines. */
  MAILBOX: z.enum(['on', 'local', 'off']).default('local'),
});
export type NotificationConfig = z.output<typeof NotificationConfig>;

/** Whether a host name is this machine's own, so that nobody else can listen in. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1)$/.test(host);
}

/** Who may read the mailbox page. */
export function mailboxAccess({
  SMTP_URL,
  MAILBOX,
  HOST,
}: Pick<NotificationConfig, 'SMTP_URL' | 'MAILBOX'> & { HOST: string }): 'anybody' | 'local' | 'nobody' {
  if (SMTP_URL !== undefined || MAILBOX === 'off') return 'nobody';
  if (MAILBOX === 'on') return 'anybody';
  return isLoopback(HOST) ? 'local' : 'nobody';
}
