import type { DynamicModule } from '@nestjs/common';
import {
  ADMIT_CALLER,
  type AdmitCaller,
  EXCHANGE_CREDENTIALS,
  type ExchangeCredentials,
  type ServiceContext,
} from '@taskwire/service';
import { redisAt, SharedLimit } from '@taskwire/service/redis';
import { ApiTokens } from './api-tokens/api-tokens.js';
import { AccountController } from './account/account.controller.js';
import { CommandAnswers, CommandsController } from './commands/commands.controller.js';
import { SendCommand } from './commands/send-command.js';
import { DocsController } from './docs/docs.controller.js';
import { AccountExports } from './export/account-export.js';
import { EXPORT_LIMIT, ExportController } from './export/export.controller.js';
import { Origins } from './http/origins.js';
import { FeedOverBus } from './live/feed-over-bus.js';
import { FeedOverRedis } from './live/feed-over-redis.js';
import { NotificationFeed } from './live/feed-reader.js';
import { LiveConnections } from './live/live-connections.js';
import { LiveController } from './live/live.controller.js';
import { LiveDesk } from './live/live-desk.js';
import { Tickets } from './live/tickets.js';
import { UsedTicketsInMemory, UsedTicketsInRedis } from './live/used-tickets.js';
import { Capacity } from './limits/capacity.js';
import { ClientAddresses } from './limits/client-address.js';
import { Limits } from './limits/limits.js';
import { RateLimit } from './limits/rate-limit.js';
import { CommandEndings } from './operations/command-endings.js';
import { OperationIds } from './operations/operation-id.js';
import { Operations } from './operations/operations.js';
import { OperationsController } from './operations/operations.controller.js';
import { CacheInMemory } from './reads/cache-in-memory.js';
import { CacheInRedis } from './reads/cache-in-redis.js';
import { CachedReads } from './reads/cached-reads.js';
import { CachedReadsController } from './reads/cached-reads.controller.js';
import { ReadCache } from './reads/read-cache.js';
import { ForwardedAnswers, ReadsController } from './reads/reads.controller.js';
import { Forwarder } from './reads/forward.js';
import type { GatewaySettings } from './settings.js';
import { Shutdown } from './shutdown.js';
import { cachedReads, droppedUsage } from './telemetry.js';
import { UsageRecorder } from './usage/usage-recorder.js';

/** By one user: each reads all that the services have of it. */
const EXPORTS_A_MINUTE = 2;

/** Everything that the gateway serves: commands, reads, operations, live events and the pages about them. */
export class GatewayModule {
  static on({ bus, config, log, services, tokens }: ServiceContext<GatewaySettings>): DynamicModule {
    const redis = redisAt(config.REDIS_URL, log);
    const endings = new CommandEndings(services);
    const cache = new ReadCache(new CacheInMemory(), redis && new CacheInRedis(redis));
    const forwarder = new Forwarder(services);
    const reads = new CachedReads(forwarder, cache, cachedReads());
    const operations = new Operations(new OperationIds(config.OPERATION_SECRET), endings, reads);
    const used = redis ? new UsedTicketsInRedis(redis) : new UsedTicketsInMemory();
    const tickets = new Tickets(config.OPERATION_SECRET, used);
    const connections = new LiveConnections((sessionId) => tokens.isRevoked(sessionId), {
      most: config.MAX_LIVE_CONNECTIONS,
    });
    const source = redis
      ? new FeedOverRedis(bus, redis, connections, log)
      : new FeedOverBus(bus, connections);
    const addresses = new ClientAddresses(config.TRUST_PROXY);
    const usage = new UsageRecorder(bus, droppedUsage());
    const perToken = config.RATE_LIMIT_TOKEN;
    const limits = new Limits({
      ip: new RateLimit('ip', config.RATE_LIMIT_IP, redis),
      user: new RateLimit('user', config.RATE_LIMIT_USER, redis),
      token: perToken === undefined ? undefined : new RateLimit('token', perToken, redis),
      addresses,
      exemptToken: config.RATE_LIMIT_EXEMPT_TOKEN,
    });
    const admitCaller: AdmitCaller = (caller, request, reply) => limits.checkCaller(caller, request, reply);
    const apiTokens = new ApiTokens(services);
    const exchange: ExchangeCredentials = (authorization) => apiTokens.exchange(authorization);
    const parts = [
      ...[operations, tickets, connections, addresses, usage, limits],
      new Capacity(config.MAX_REQUESTS),
      new SendCommand(bus, operations, endings, reads),
      reads,
      new AccountExports(forwarder, services),
      new LiveDesk(tickets, tokens, exchange, connections, new NotificationFeed(services), source),
      source,
      new Origins(config.CORS_ORIGINS, config.NODE_ENV === 'production'),
      new Shutdown(connections, usage),
      ...(redis ? [redis] : []),
    ];
    return {
      module: GatewayModule,
      controllers: [
        CommandsController,
        ReadsController,
        CachedReadsController,
        OperationsController,
        LiveController,
        DocsController,
        AccountController,
        ExportController,
      ],
      providers: [
        CommandAnswers,
        ForwardedAnswers,
        { provide: EXPORT_LIMIT, useValue: new SharedLimit('export', EXPORTS_A_MINUTE, redis) },
        { provide: ADMIT_CALLER, useValue: admitCaller },
        { provide: EXCHANGE_CREDENTIALS, useValue: exchange },
        ...parts.map((part) => ({ provide: part.constructor, useValue: part })),
      ],
    };
  }
}
