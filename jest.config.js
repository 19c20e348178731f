/** Tests run as native ES modules; swc only strips the types. `npm run jest` passes Node's VM-modules flag. */
import { availableParallelism } from 'node:os';

const everyProject = {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/tests/support/properties.ts'],
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

/** Where the tests of a project are. Every other test is one of `stack`, so that none is left out. */
const folders = {
  /** Needs no build: decisions, use cases, the container's program, and what is read from the sources alone. */
  unit: ['unit/**', 'wiring/{deviations,docs,imports,matrix,reach,words}'],
  /** Adapters and the embedded cloud, each over a service of its own. */
  service: ['io/**', 'local/**', 'conformance/**'],
  /** Deployments to other implementations of AWS. */
  outside: ['deploy/**'],
};
// Absolute, because Jest does not replace <rootDir> in a pattern that excludes.
const testsIn = (folder) =>
  `${import.meta.dirname}/tests/${folder.endsWith('**') ? `${folder}/*` : folder}.test.ts`;
const others = Object.values(folders).flat().map(testsIn);
const project = (displayName, rest = {}) => ({
  ...everyProject,
  displayName,
  testMatch: folders[displayName]?.map(testsIn),
  ...rest,
});
/** Says which programs are missing, or refuses to begin: for the projects that have tests which need them. */
const globalSetup = '<rootDir>/tests/outside/announce.ts';

export default {
  // Most of the time is spent waiting for processes and queues, so two share even one core well.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // At its end a worker has no open handle, but 200 to 900 MB of memory, whose release takes longer than the default of
  // 500 ms on a busy machine. Jest would kill the worker and blame the tests. A real leak is still reported.
  workerGracefulExitTimeout: 10_000,
  // Ends a test that hangs. A machine that is slow fails none.
  testTimeout: 60_000,
  projects: [
    project('unit'),
    project('service', { globalSetup }),
    project('stack', { testMatch: [testsIn('**'), ...others.map((glob) => `!${glob}`)] }),
    project('outside', { globalSetup }),
  ],
};
