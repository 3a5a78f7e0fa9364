import { createHmac, timingSafeEqual } from 'node:crypto';
import { type ServiceName, Uuid } from '@taskwire/contracts';
import { z } from 'zod';

/** Which command an operation is, all of it in its id, so that the gateway keeps no store. */
export interface OperationKey {
  readonly service: ServiceName;
  /** The group whose inbox holds the ending. */
  readonly subscriber: string;
  readonly owner: string;
  readonly commandId: string;
  /** The route that the command came by, for example `POST /v1/tasks`. */
  readonly route: string;
  readonly firstSentAt: Date;
  readonly deadline: Date;
}

const Fields = z.tuple([
  z.enum(['auth', 'task', 'notification', 'analytics', 'gateway']),
  z.string(),
  Uuid,
  Uuid,
  z.string(),
  z.int(),
  z.int(),
]);

/** Signs operation ids with HMAC-SHA-256, so that nobody can ask for, or cancel, a command that they weren't told of. */
export class OperationIds {
  constructor(private readonly secret: string) {}

  sign(key: OperationKey): string {
    const fields: z.input<typeof Fields> = [
      key.service,
      key.subscriber,
      key.owner,
      key.commandId,
      key.route,
      key.firstSentAt.getTime(),
      key.deadline.getTime(),
    ];
    const text = Buffer.from(JSON.stringify(fields)).toString('base64url');
    return `${text}.${this.signature(text).toString('base64url')}`;
  }

  /** The command behind an id, or undefined when it was not signed here. */
  verify(id: string): OperationKey | undefined {
    const [text = '', signature = ''] = id.split('.');
    const given = Buffer.from(signature, 'base64url');
    const expected = this.signature(text);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const [service, subscriber, owner, commandId, route, first, deadline] = Fields.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString()),
    );
    return {
      service,
      subscriber,
      owner,
      commandId,
      route,
      firstSentAt: new Date(first),
      deadline: new Date(deadline),
    };
  }

  private signature(text: string): Buffer {
    return createHmac('sha256', this.secret).update(`operation.${text}`).digest();
  }
}
