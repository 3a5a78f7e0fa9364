import { command } from '@taskwire/messaging';
import { z } from 'zod';
import { Uuid } from '../values.js';

export const RevokeApiToken = command('auth.api_token.revoke.v1', {
  topic: 'auth.commands.v1',
  key: ({ userId }: { userId: string }) => userId,
  payload: z.object({ userId: Uuid, id: Uuid }),
  reply: z.object({ id: Uuid }),
  rejections: ['not_found'],
});
