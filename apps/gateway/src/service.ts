import compress from '@fastify/compress';
import cors from '@fastify/cors';
import { gatewayAccounts } from '@taskwire/contracts';
import type { ServiceDefinition } from '@taskwire/service';
import { GatewayModule } from './gateway.module.js';
import { corsOptions } from './http/cors.js';
import { addHooks } from './http/hooks.js';
import { Origins } from './http/origins.js';
import { requestLog } from './http/request-log.js';
import { addSecurityHeaders } from './http/security-headers.js';
import { Capacity } from './limits/capacity.js';
import { Limits } from './limits/limits.js';
import { LiveDesk } from './live/live-desk.js';
import { LiveSocket } from './live/live-socket.js';
import { GatewaySettings } from './settings.js';
import { UsageRecorder } from './usage/usage-recorder.js';

export const service: ServiceDefinition<GatewaySettings> = {
  name: 'gateway',
  port: 3000,
  config: GatewaySettings,
  groups: [],
  // The feed of the live connections is heard besides, by its source.
  broadcasts: [gatewayAccounts],
  module: (context) => GatewayModule.on(context),
  certificate: ({ TLS_CERT: cert, TLS_KEY: key }) => (cert && key ? { cert, key } : undefined),
  http: async (app, { log }) => {
    const limits = app.get(Limits);
    const fastify = app.getHttpAdapter().getInstance();
    addSecurityHeaders(fastify);
    const origins = app.get(Origins);
    await app.register(cors, corsOptions(origins));
    // After CORS, so that a page may read a refusal too.
    const requests = requestLog(log);
    addHooks(fastify, {
      limits,
      capacity: app.get(Capacity),
      usage: app.get(UsageRecorder),
      log: requests,
    });
    await app.register(compress, { threshold: 1_024 });
    new LiveSocket({
      desk: app.get(LiveDesk),
      admitAddress: (request) => limits.checkConnection(request),
      origins,
      log: requests,
      onError: (error) => log.error({ err: error }, 'request failed'),
    }).attach(app.getHttpServer());
  },
};
