import { z } from 'zod';

export const PageQuery = z.object({
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const Pagination = z.object({ page: z.int(), limit: z.int(), total: z.int(), pages: z.int() });
