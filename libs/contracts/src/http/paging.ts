import { z } from 'zod';
import { queryInteger } from './query.js';

export const PageLimit = queryInteger(1, 100).default(20).meta({ description: 'How many at most' });

export const Pagination = z.object({ page: z.int(), limit: z.int(), total: z.int(), pages: z.int() });
