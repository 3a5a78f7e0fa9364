import type { DynamicModule } from '@nestjs/common';
import { Bus } from '@taskwire/messaging';
import { AccessTokenVerifier } from './access/access-token-verifier.js';
import { ServiceClients } from './clients/service-clients.js';
import type { ServiceContext, ServiceDefinition } from './definition.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { Doctor } from './doctor/doctor.js';
import { DoctorController } from './doctor/doctor.controller.js';
import { OperationsController } from './operations.controller.js';
import { CONFIG, DATABASE, GROUPS, LOGGER, OUTBOX_STORE } from './tokens.js';

/** The service's own module, inside one that lets it inject everything in its context. */
export function rootModule<Config, Database>(
  definition: ServiceDefinition<Config, Database>,
  service: ServiceContext<Config, Database>,
  /** Of services with a database. */
  doctor: Doctor | undefined,
): DynamicModule {
  const shared = [
    { provide: CONFIG, useValue: service.config },
    { provide: GROUPS, useValue: definition.groups },
    { provide: LOGGER, useValue: service.log },
    { provide: DATABASE, useValue: service.db },
    { provide: OUTBOX_STORE, useValue: service.outbox },
    { provide: Bus, useValue: service.bus },
    { provide: ServiceClients, useValue: service.services },
    ...(doctor ? [{ provide: Doctor, useValue: doctor }] : []),
    { provide: AccessTokenVerifier, useValue: service.tokens },
  ];
  class ServiceModule {}
  return {
    module: ServiceModule,
    global: true,
    imports: [definition.module(service)],
    controllers: doctor ? [OperationsController, DeadLettersController, DoctorController] : [],
    providers: shared,
    exports: shared,
  };
}
