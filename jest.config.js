/** Tests run as native ES modules; swc only strips the types. `npm run jest` passes Node's VM-modules flag. */
export default {
  testEnvironment: 'node',
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
