import { command } from '@taskwire/messaging';
import { z } from 'zod';
import { Uuid } from '../values.js';

/** Of the account that it concerns; who sends it has the role admin, as its envelope says. */
const concerning = {
  topic: 'auth.commands.v1',
  key: ({ userId }: { userId: string }) => userId,
  payload: z.object({ userId: Uuid }),
  reply: z.object({ userId: Uuid }),
} as const;

export const DisableUser = command('auth.user.disable.v1', {
  ...concerning,
  rejections: ['not_found', 'forbidden'],
});

export const EnableUser = command('auth.user.enable.v1', {
  ...concerning,
  rejections: ['not_found', 'forbidden'],
});

export const ResetSecondFactor = command('auth.second_factor.reset.v1', {
  ...concerning,
  rejections: ['not_found', 'forbidden'],
});
