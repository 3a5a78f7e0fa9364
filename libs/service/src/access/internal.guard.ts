import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG } from '../tokens.js';
import type { CommonConfig } from '../config.js';
import { ProblemError } from '../http/problem-error.js';
import { bearerOf } from './bearer.js';

/** Lets in the other processes of the platform, by the token that they share. */
@Injectable()
export class InternalGuard implements CanActivate {
  readonly #digest: Buffer;

  constructor(@Inject(CONFIG) config: CommonConfig) {
    this.#digest = digest(config.INTERNAL_TOKEN);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerOf(request.headers.authorization);
    if (token !== undefined && timingSafeEqual(digest(token), this.#digest)) return true;
    throw new ProblemError('unauthenticated', 'this path is for the services of the platform');
  }
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
