import { Redis } from 'ioredis';

const COMMAND_TIMEOUT_MS = 500;
const LONGEST_RETRY_MS = 5_000;

/** A connection that answers at once when Redis is lost, and comes back by itself; callers go on without it meanwhile. */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 200, LONGEST_RETRY_MS),
  });
  redis.on('error', onError);
  return redis;
}
