import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceName } from '@taskwire/contracts';
import type { BroadcastSubscription, Bus, Finding, GroupSubscription } from '@taskwire/messaging';
import type { OutboxStore, PrismaPool, PrismaRoot } from '@taskwire/outbox';
import type { Logger } from '@taskwire/telemetry';
import type { z } from 'zod';
import type { AccessTokenVerifier } from './access/access-token-verifier.js';
import type { ServiceClients } from './clients/service-clients.js';
import type { CommonConfig } from './config.js';
import type { Certificate } from './http-server.js';

/** What an app is: its settings, its store, what it serves. `startService` does the rest. */
export interface ServiceDefinition<Config = object, Database = undefined> {
  readonly name: ServiceName;
  /** Where it listens unless PORT says otherwise. */
  readonly port: number;
  /** Its own variables, on top of the common ones. */
  readonly config: z.ZodType<Config>;
  readonly database?: DatabaseDefinition<Database>;
  /** The groups that it serves: the subscribers of its inbox. */
  readonly groups: readonly GroupSubscription[];
  readonly broadcasts?: readonly BroadcastSubscription[];
  /** The Nest module with its controllers and providers: the service's table of contents. */
  readonly module: (service: ServiceContext<Config, Database>) => Type | DynamicModule;
  /** Of who serves TLS. */
  readonly certificate?: (config: CommonConfig & Config) => Certificate | undefined;
  /** What in its settings has to be known: told at the start, and to `taskwire doctor`. */
  readonly findings?: (config: CommonConfig & Config) => readonly Finding[];
  /** Plugins and hooks of the HTTP server, before it listens. */
  readonly http?: (
    app: NestFastifyApplication,
    service: ServiceContext<Config, Database>,
  ) => void | Promise<void>;
}

export interface DatabaseDefinition<Database> {
  /** Folder of Prisma migrations, applied at start. */
  readonly migrations: string;
  /** With at most so many connections; by default 10, as pg has it. */
  open(url: string, connections?: number): OpenDatabase<Database & PrismaRoot>;
}

/** A Prisma client, and the connections that it shares with the store side. */
export interface OpenDatabase<Client> {
  readonly client: Client;
  readonly pool: PrismaPool;
  close(): Promise<void>;
}

/** What a service's module is made from. All of it can be injected too: see `tokens.ts`, and by class. */
export interface ServiceContext<Config = object, Database = undefined> {
  readonly name: ServiceName;
  readonly config: CommonConfig & Config;
  readonly log: Logger;
  readonly bus: Bus;
  readonly db: Database;
  /** Of services with a database. */
  readonly outbox: OutboxStore;
  readonly services: ServiceClients;
  readonly tokens: AccessTokenVerifier;
}

/** A definition of any service, for what starts several. */
// oxlint-disable-next-line typescript/no-explicit-any -- a list of services of different stores has no common type
export type AnyService = ServiceDefinition<any, any>;

export interface RunningService {
  readonly name: ServiceName;
  /** Base URL of its HTTP server. */
  readonly url: string;
  /** Drains and ends within ten seconds: requests, consumers, relay, bus, database. Idempotent. */
  close(): Promise<void>;
}
