/** Which folder may import which, what may be impure, and how long a file may be: one table, held for every file. */
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

interface Row {
  /** Prefixes of our own files that these may import, beside their own. */
  readonly ours: readonly string[];
  /** The same for types alone: a port is what a use case asks for, and an adapter what it gets. */
  readonly types?: readonly string[];
  /** Of their own room, what they may not. */
  readonly except?: readonly string[];
  /** Packages and `node:` modules; absent: any. */
  readonly packages?: readonly string[];
}

const DECIDES = ['zod'];
const NODE = builtinModules.map((name) => `node:${name}`);

/** The longest prefix of a file's path is its row. */
const TABLE: Readonly<Record<string, Row>> = {
  'domain/': { ours: [], packages: DECIDES },
  'domain/job/': {
    ours: [
      'domain/container/',
      'domain/executor/',
      'domain/dependency/dependency.ts',
      'domain/dependency/release.ts',
      'domain/errors.ts',
      'domain/redaction.ts',
      'domain/size.ts',
    ],
    packages: DECIDES,
  },
  'domain/executor/': { ours: ['domain/job/'], packages: [] },
  'domain/dependency/': { ours: ['domain/errors.ts', 'domain/job/'], packages: DECIDES },
  'domain/due/': { ours: ['domain/job/'], packages: DECIDES },
  'domain/group/': { ours: ['domain/dependency/', 'domain/job/'], packages: DECIDES },
  'domain/tenant/': {
    // A month of a budget is one of the tenant's time zone.
    ours: [
      'domain/errors.ts',
      'domain/size.ts',
      'domain/group/group.ts',
      'domain/schedule/time-zone.ts',
      'domain/job/',
    ],
    packages: DECIDES,
  },
  'domain/request/': {
    ours: [
      'domain/errors.ts',
      'domain/size.ts',
      'domain/dependency/dependency.ts',
      'domain/group/array.ts',
      'domain/group/group.ts',
      'domain/job/',
      'domain/tenant/',
    ],
    packages: DECIDES,
  },
  'domain/batch/': {
    ours: [
      'domain/errors.ts',
      'domain/size.ts',
      'domain/dependency/',
      'domain/executor/',
      'domain/group/group.ts',
      'domain/job/',
      'domain/tenant/',
      'domain/request/',
    ],
    packages: DECIDES,
  },
  'domain/webhook/': {
    ours: [
      'domain/errors.ts',
      'domain/redaction.ts',
      'domain/size.ts',
      'domain/dependency/dependency.ts',
      'domain/group/group.ts',
      'domain/job/',
      'domain/tenant/',
      'domain/request/',
    ],
    packages: DECIDES,
  },
  // croner reads cron expressions, and finds local times in UTC alone.
  'domain/schedule/': {
    ours: ['domain/errors.ts', 'domain/size.ts', 'domain/job/', 'domain/request/'],
    packages: [...DECIDES, 'croner'],
  },
  'domain/operation/': { ours: ['domain/errors.ts', 'domain/job/', 'domain/webhook/'], packages: DECIDES },
  'domain/metrics/': {
    ours: ['domain/errors.ts', 'domain/job/', 'domain/batch/', 'domain/webhook/'],
    packages: [],
  },
  'domain/cost/': { ours: ['domain/container/', 'domain/job/'], packages: DECIDES },
  'domain/trace/': { ours: ['domain/job/', 'domain/webhook/'], packages: DECIDES },
  'domain/access/': { ours: ['domain/errors.ts', 'domain/job/'], packages: DECIDES },
  'domain/reading/': {
    ours: [
      'domain/operation/',
      'domain/redaction.ts',
      'domain/size.ts',
      'domain/dependency/',
      'domain/group/',
      'domain/job/',
      'domain/tenant/',
      'domain/webhook/',
    ],
    packages: DECIDES,
  },
  'domain/dead-letter/': {
    ours: [
      'domain/errors.ts',
      'domain/redaction.ts',
      'domain/size.ts',
      'domain/job/',
      'domain/request/',
      'domain/webhook/',
    ],
    packages: DECIDES,
  },
  'job-types.ts': { ours: ['domain/'], packages: DECIDES },
  // What the packager makes of the registry.
  'resources/': { ours: ['domain/', 'job-types.ts'], packages: [] },
  'application/': { ours: ['domain/'], types: ['io/'], packages: DECIDES },
  // Hashing is a pure function, and Node's is the only one that is fast enough for each message.
  'application/job/identity.ts': { ours: ['domain/'], packages: ['node:crypto'] },
  'io/': { ours: ['domain/'] },
  'functions/': {
    ours: ['api/', 'application/', 'io/open.ts', 'io/aws/lambda.ts', 'job-types.ts'],
    packages: DECIDES,
  },
  // The program of a container, where there is none.
  'functions/run.ts': { ours: ['worker/', 'io/open.ts', 'job-types.ts'], packages: [] },
  // What answers over HTTP gets things by their guard: the type of a port is all that it knows of a store.
  'api/': {
    ours: ['application/', 'domain/', 'docs/openapi.json'],
    types: ['io/'],
    packages: [...DECIDES, 'hono'],
  },
  'worker/': { ours: ['domain/', 'application/', 'io/', 'job-types.ts'] },
  'local/': { ours: [] },
  'cli/': {
    ours: [
      'api/contract/',
      'client/',
      'console/server/',
      'domain/',
      'application/',
      'io/',
      'local/',
      'job-types.ts',
      'tools/build.ts',
      'tools/build-console.ts',
    ],
  },
  // It runs in pages, and has no dependency.
  'client/': { ours: [], packages: [] },
  // The pages of operators know the API by the types of its document, and have no way to anything else.
  'console/': {
    ours: [],
    except: ['console/server/'],
    packages: ['@tanstack/react-query', 'preact', 'wouter'],
  },
  // What gives them to a browser, and signs what they ask.
  'console/server/': { ours: ['docs/openapi.json'], packages: [...NODE, '@smithy/signature-v4'] },
  // It packages what it shows.
  'demo/': {
    ours: [
      'client/',
      'domain/',
      'application/',
      'io/',
      'local/',
      'console/server/',
      'job-types.ts',
      'tools/build.ts',
      'tools/rebuild.ts',
    ],
  },
  // A stack for the tests of a service, beside what shows one to a person.
  'testing/': {
    ours: ['domain/', 'application/', 'io/', 'local/', 'demo/', 'tools/build.ts', 'tools/rebuild.ts'],
  },
  'tools/': { ours: [''] },
  // The cost of a job is that of its real use cases.
  'bench/': {
    ours: [
      ...['domain/', 'application/', 'io/', 'local/', 'demo/'],
      ...['tools/build.ts', 'tools/rebuild.ts', 'tools/packaged-functions.ts'],
    ],
  },
  'tests/': { ours: [''] },
};

/** Clock, chance and environment have one home each: `io/process/`. */
const IMPURE = /\b(Date\.now|Math\.random|performance\.now|process\.env|setTimeout|setInterval|new Date\(\))/;
const MAX_LINES = 400;

interface Import {
  readonly file: string;
  /** A path from the root, or the name of a package. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = globSync('**/*.{ts,tsx}', {
  cwd: root,
  exclude: ['node_modules/**', '.build/**', '.esbuild/**', '.serverless/**', '.data/**'],
}).sort();
const textOf = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

const STATEMENT = /^(?:import|export)\s+(?<clause>[^'";]*?)from\s+'(?<from>[^']+)'/gm;
const CALL = /\bimport\(\s*'(?<from>[^']+)'/g;
const BARE = /^import\s+'(?<from>[^']+)'/gm;

function importsOf(file: string): Import[] {
  const text = textOf.get(file) ?? '';
  const found = [STATEMENT, CALL, BARE].flatMap((pattern) => [...text.matchAll(pattern)]);
  return found.map(({ groups = {} }) => {
    const { clause = '', from = '' } = groups;
    const target = from.startsWith('.') ? normalize(join(dirname(file), from)) : from;
    return { file, target, typeOnly: isTypeOnly(clause) };
  });
}

function isTypeOnly(clause: string): boolean {
  if (clause.startsWith('type ')) return true;
  const names = /^\{(?<names>[^}]*)\}\s*$/.exec(clause)?.groups?.['names']?.split(',') ?? ['value'];
  return names.every((name) => name.trim() === '' || name.trim().startsWith('type '));
}

function rowOf(file: string): readonly [string, Row] | undefined {
  const known = Object.entries(TABLE).filter(([prefix]) => file.startsWith(prefix));
  return known.toSorted(([a], [b]) => b.length - a.length)[0];
}

function isForbidden({ file, target, typeOnly }: Import): boolean {
  const [prefix, row] = rowOf(file) ?? ['', { ours: [] }];
  if (!textOf.has(target) && !/\.(tsx?|json|css)(?:\?inline)?$/.test(target))
    return isForeignForbidden(target, row);
  const within = [prefix.endsWith('/') ? prefix : `${dirname(prefix)}/`, ...row.ours];
  if (row.except?.some((each) => target.startsWith(each)) === true) return true;
  const allowed = typeOnly ? [...within, ...(row.types ?? [])] : within;
  return !allowed.some((each) => target.startsWith(each));
}

function isForeignForbidden(target: string, { packages }: Row): boolean {
  if (packages === undefined) return false;
  const named = target.split('/').slice(0, target.startsWith('@') ? 2 : 1);
  const name = builtinModules.includes(target) ? `node:${target}` : named.join('/');
  return !packages.includes(name);
}

describe('each folder imports only what it may', () => {
  const product = files.filter((file) => !file.includes('.config.'));

  test('every folder with sources has a row', () => {
    expect(product.filter((file) => rowOf(file) === undefined)).toEqual([]);
  });

  test('no file imports what its row leaves out', () => {
    const forbidden = product.flatMap(importsOf).filter(isForbidden);
    expect(forbidden.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  test.each([
    ['domain/job/job.ts', 'io/table/jobs.ts', false],
    ['domain/job/job.ts', 'domain/webhook/payload.ts', false],
    ['domain/webhook/webhook-url.ts', 'ipaddr.js', false],
    ['application/batch/submit.ts', 'io/aws/batch.ts', false],
    ['application/batch/submit.ts', '@aws-sdk/client-batch', true],
    ['application/batch/submit.ts', 'node:fs', false],
    ['io/aws/batch.ts', 'application/batch/submit.ts', true],
    ['functions/tick.ts', 'io/table/jobs.ts', false],
    ['api/handlers/jobs.ts', 'io/table/jobs.ts', false],
    ['api/app.ts', 'io/open.ts', false],
    ['functions/tick.ts', 'demo/start.ts', false],
    ['local/cloud.ts', 'domain/job/job.ts', true],
    ['console/jobs/job.tsx', 'domain/job/job.ts', true],
    ['console/jobs/job.tsx', 'console/server/server.ts', false],
    ['console/server/forward.ts', 'io/aws/clients.ts', false],
  ])('%s may not import %s', (file, target, typeOnly) => {
    expect(isForbidden({ file, target, typeOnly })).toBe(true);
  });

  test('a use case may name the type of a port, and only that', () => {
    const port = { file: 'application/batch/submit.ts', target: 'io/aws/batch.ts' };
    expect(isForbidden({ ...port, typeOnly: true })).toBe(false);
  });
});

/** Files that are in a circle of imports, each with one that it imports within it. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set<string>();
    const waiting = [...(graph.get(from) ?? [])];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next === to) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(...(graph.get(next) ?? []));
    }
    return false;
  };
  return [...graph].flatMap(([file, targets]) =>
    targets.filter((target) => reaches(target, file)).map((target) => `${file} -> ${target}`),
  );
}

describe('no file is in a circle of imports', () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file).flatMap(({ target }) => (textOf.has(target) ? [target] : [])),
    ]),
  );

  test.each([
    'domain',
    'application',
    'io',
    'api',
    'functions',
    'worker',
    'local',
    'cli',
    'client',
    'console',
    'demo',
    'tools',
    'tests',
  ])('in %s/', (folder) => {
    const own = new Map([...graph].filter(([file]) => file.startsWith(`${folder}/`)));
    expect(circles(own)).toEqual([]);
  });

  it('finds one when there is one', () => {
    expect(
      circles(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b -> c', 'c -> b']);
  });
});

test.each(files.filter((file) => /^(domain|application)\//.test(file)))(
  '%s reads no clock, no chance and no environment',
  (file) => {
    expect(IMPURE.exec(textOf.get(file) ?? '')?.[0]).toBeUndefined();
  },
);

test.each(files.filter((file) => /^application\//.test(file) && file !== 'application/apart.ts'))(
  '%s waits for all that it has begun, also when some of it fails',
  (file) => {
    expect(/Promise\.(all|any|race)\(/.exec(textOf.get(file) ?? '')?.[0]).toBeUndefined();
  },
);

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = files.filter((file) => (textOf.get(file) ?? '').split('\n').length - 1 > MAX_LINES);
  expect(long).toEqual([]);
});

const MAX_FILES = 20;

test(`no folder of the product has more than ${MAX_FILES} files`, () => {
  const product = files.filter((file) => !file.startsWith('tests/'));
  const folders = [...Map.groupBy(product, (file) => dirname(file))];
  expect(folders.filter(([, some]) => some.length > MAX_FILES).map(([folder]) => folder)).toEqual([]);
});

test('zod is imported as a namespace, or every bundle carries its 350 KB of locales and converters', () => {
  const named = files.filter((file) => /^import (type )?\{[^}]*\} from 'zod'/m.test(textOf.get(file) ?? ''));
  expect(named).toEqual([]);
});
