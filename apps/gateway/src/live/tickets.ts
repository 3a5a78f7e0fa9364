import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export const TICKET_LIFETIME_S = 30;

/** Whose live connection a ticket opens, and until when its access token is valid. */
export interface Admission {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAt: Date;
}

/** A ticket that one of our gateways gave, and that is still valid. */
export interface SignedTicket extends Admission {
  readonly nonce: string;
}

/** Remembers the tickets that were used, as long as they are valid. */
export interface UsedTickets {
  /** True the first time a ticket is taken, false ever after. */
  take(nonce: string, lifetimeS: number): Promise<boolean>;
}

const BYTES = { nonce: 16, uuid: 16, time: 6, mac: 16 };
const BODY = BYTES.nonce + 2 * BYTES.uuid + 2 * BYTES.time;

const FORMAT = z.base64url();

/**
 * One-use tickets for clients that cannot send headers. Signed, not stored: any gateway takes a ticket that another gave,
 * and only that it was used has to be remembered.
 */
export class Tickets {
  constructor(
    private readonly secret: string,
    private readonly used: UsedTickets,
  ) {}

  issue({ userId, sessionId, expiresAt }: Admission): string {
    const body = Buffer.concat([
      randomBytes(BYTES.nonce),
      uuidBytes(userId),
      uuidBytes(sessionId),
      timeBytes(expiresAt.getTime()),
      timeBytes(Date.now() + TICKET_LIFETIME_S * 1000),
    ]);
    return Buffer.concat([body, this.mac(body)]).toString('base64url');
  }

  /** Whom the ticket admits; undefined when it is forged or expired. Whether it was used, only `use` knows. */
  read(ticket: string): SignedTicket | undefined {
    const bytes = Buffer.from(FORMAT.safeParse(ticket).success ? ticket : '', 'base64url');
    if (bytes.length !== BODY + BYTES.mac) return undefined;
    const body = bytes.subarray(0, BODY);
    if (!timingSafeEqual(this.mac(body), bytes.subarray(BODY))) return undefined;
    const times = BYTES.nonce + 2 * BYTES.uuid;
    const expiresAt = body.readUIntBE(times, BYTES.time);
    if (body.readUIntBE(times + BYTES.time, BYTES.time) <= Date.now() || expiresAt <= Date.now())
      return undefined;
    return {
      nonce: body.subarray(0, BYTES.nonce).toString('base64url'),
      userId: uuidText(body.subarray(BYTES.nonce, BYTES.nonce + BYTES.uuid)),
      sessionId: uuidText(body.subarray(BYTES.nonce + BYTES.uuid, times)),
      expiresAt: new Date(expiresAt),
    };
  }

  /** False when it was used before. */
  use({ nonce }: SignedTicket): Promise<boolean> {
    return this.used.take(nonce, TICKET_LIFETIME_S);
  }

  private mac(body: Buffer): Buffer {
    return createHmac('sha256', this.secret)
      .update('live-ticket.')
      .update(body)
      .digest()
      .subarray(0, BYTES.mac);
  }
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function timeBytes(time: number): Buffer {
  const bytes = Buffer.alloc(BYTES.time);
  bytes.writeUIntBE(time, 0, BYTES.time);
  return bytes;
}
