import { existsSync } from 'node:fs';

export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['taskwire-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  roots: ['apps', 'libs', 'test']
    .filter((folder) => existsSync(folder))
    .map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  globalSetup: './tools/jest/global-setup.js',
  globalTeardown: './tools/jest/global-teardown.js',
};
