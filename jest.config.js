import { existsSync } from 'node:fs';
import { join } from 'node:path';

export default {
  testEnvironment: './tools/jest/environment.js',
  testRunner: './tools/jest/test-runner.js',
  transform: {},
  roots: ['apps', 'libs', 'test', 'tools']
    .filter((folder) => existsSync(join(import.meta.dirname, folder)))
    .map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  testTimeout: 30_000,
  testSequencer: './tools/jest/sequencer.js',
  globalSetup: './tools/jest/global-setup.js',
  globalTeardown: './tools/jest/global-teardown.js',
};
