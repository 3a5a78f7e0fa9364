const specs = '\\.(spec|fixture)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'apps-never-import-apps',
      comment: 'Between apps go the bus and HTTP. Only platform knows the others, to start them.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/platform/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-never-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'messaging-stands-alone',
      comment: 'Other teams install it without the store side and without Prisma.',
      severity: 'error',
      from: { path: '^libs/messaging/', pathNot: specs },
      to: { path: '^libs/(?!messaging/)|@prisma/|/generated/prisma/' },
    },
    {
      name: 'kafka-clients-in-their-driver',
      severity: 'error',
      from: { pathNot: '^libs/messaging/(src/drivers|testing)/kafka/' },
      to: { path: 'node_modules/(kafkajs|@platformatic/kafka)/' },
    },
    {
      name: 'amqplib-in-its-driver',
      severity: 'error',
      from: { pathNot: '^libs/messaging/(src/drivers|testing)/rabbitmq/' },
      to: { path: 'node_modules/amqplib/' },
    },
    {
      name: 'prisma-in-stores',
      comment: 'Only store files, and what opens their database, use Prisma; wiring may name its types.',
      severity: 'error',
      from: {
        path: '^apps/',
        pathNot:
          '(-store|/store|/database|prisma\\.config)(\\.spec)?\\.ts$|/generated/|\\.(spec|fixture)\\.ts$',
      },
      to: { path: '/generated/prisma/|node_modules/@prisma/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-without-framework',
      comment: 'The invariants of a thing, as in tasks/task.ts, are plain TypeScript.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/([^/]+)s/\\1\\.ts$' },
      to: { path: 'node_modules/(@nestjs|@prisma|fastify|pg)/|/generated/prisma/' },
    },
    {
      name: 'test-support-in-tests',
      severity: 'error',
      from: { pathNot: `${specs}|^libs/testing/|^libs/messaging/testing/|^test/|^bench/` },
      to: { path: '^libs/testing/|^libs/messaging/testing/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/generated/' },
    exclude: { path: '/dist/|/generated/prisma/.*/generated/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['taskwire-source', 'import', 'node', 'default', 'types'],
    },
  },
};
