/**
 * What a function brings to Lambda, in bytes and in the CPU time of its first import, beside a bare handler: the same
 * clients and commands of the SDK, and nothing else. Pairs are interleaved, because a machine's speed drifts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { packagedFunctions } from '../tools/packaged-functions.ts';
import { environmentOf } from './environment.ts';
import { type Figure, median } from './figure.ts';

/** A plain bundle. What the packager leaves out of ours besides is what the ratio shows. */
const BARE = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  logLevel: 'silent',
} satisfies BuildOptions;

const MAX_SIZE_RATIO = 1.15;
const MAX_COLD_RATIO = 1.1;
const PAIRS = 7;

export async function* bundles(): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bundles-'));
  const { entries, settings } = await packagedFunctions();
  const { outbase: _, outdir: __, ...asPackaged } = settings;
  try {
    for (const { source } of entries) {
      const name = basename(source, '.ts');
      const ours = join(folder, `${name}.mjs`);
      const bare = join(folder, `${name}-bare.mjs`);
      const { bytes, inputs } = await bundled({ ...asPackaged, entryPoints: [source], outfile: ours });
      const contents = bareHandler(inputs);
      const peer = await bundled({ ...BARE, stdin: { contents, resolveDir: process.cwd() }, outfile: bare });
      yield {
        name: `bundle ${name}`,
        value: bytes,
        unit: 'B',
        bar: MAX_SIZE_RATIO * peer.bytes,
        peer: peer.bytes,
      };
      yield coldStart(name, ours, bare, folder);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundled(options: BuildOptions) {
  const { metafile } = await build({ ...options, metafile: true });
  const [output] = Object.values(metafile?.outputs ?? {});
  return { bytes: output?.bytes ?? 0, inputs: Object.keys(output?.inputs ?? {}) };
}

/** The clients and commands are read from the modules in our own bundle. */
function bareHandler(inputs: readonly string[]): string {
  const imports = inputs.flatMap((path) => {
    const { client, name } =
      /@aws-sdk\/(?<client>client-[\w-]+)\/.*\/(?<name>\w+(?:Client|Command))\.js$/.exec(path)?.groups ?? {};
    return client === undefined || name === undefined ? [] : [{ client, name }];
  });
  const lines = [...new Map(imports.map((each) => [each.name, each])).values()];
  const clients = lines.filter(({ name }) => name.endsWith('Client'));
  return [
    ...lines.map(({ client, name }) => `import { ${name} } from '@aws-sdk/${client}';`),
    `const clients = [${clients.map(({ name }) => `new ${name}({})`).join(', ')}];`,
    `export const handler = async () => [clients, ${lines.map(({ name }) => name).join(', ')}].length;`,
  ].join('\n');
}

function coldStart(name: string, ours: string, bare: string, folder: string): Figure {
  const program = join(folder, 'import.mjs');
  writeFileSync(
    program,
    'await import(process.argv[2]); const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); process.exit();',
  );
  const pairs = Array.from(
    { length: PAIRS },
    () => [cpuMsOf(program, ours), cpuMsOf(program, bare)] as const,
  );
  const value = median(pairs.map(([of]) => of));
  const peer = median(pairs.map(([, of]) => of));
  return { name: `cold start ${name}`, value, unit: 'CPU-ms', bar: MAX_COLD_RATIO * peer, peer };
}

function cpuMsOf(program: string, bundle: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, bundle], {
    encoding: 'utf8',
    env: environmentOf(),
    timeout: 30_000,
  });
  if (status !== 0)
    throw new Error(`${basename(bundle)} cannot be imported: ${/^\w+: .*$/m.exec(stderr)?.[0] ?? ''}`);
  return Number(stdout);
}
