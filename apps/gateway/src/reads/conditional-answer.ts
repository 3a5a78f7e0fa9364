import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnown } from './if-none-match.js';

/** Answers a representation with its ETag, or 304 to a client that has it (RFC 9110 15.4.5). */
export function answerConditionally<Body>(
  body: Body,
  etag: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Body | undefined {
  reply.header('etag', etag);
  if (!isKnown(etag, request.headers['if-none-match'])) return body;
  reply.status(304);
  return undefined;
}
