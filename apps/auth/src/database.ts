import { join } from 'node:path';
import { openPrisma } from '@taskwire/service';
import { PrismaClient } from './generated/prisma/client.js';

export const migrations = join(import.meta.dirname, '../prisma/migrations');

export const openDatabase = (url: string, connections?: number) => openPrisma(PrismaClient, url, connections);
