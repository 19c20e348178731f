/** Tests run as native ES modules; swc only strips the types. `npm run jest` passes Node's VM-modules flag. */
import { availableParallelism } from 'node:os';

export default {
  testEnvironment: 'node',
  // Most of the time is spent waiting for processes and queues, so two share even one core well.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  globalSetup: '<rootDir>/tests/outside/announce.ts',
  setupFiles: ['<rootDir>/tests/support/properties.ts'],
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['/.esbuild/', '/.serverless/', '/.build/', '/.data/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', importAttributes: true },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};
