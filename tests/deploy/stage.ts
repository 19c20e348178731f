/** One stage of the stack, packaged and deployed as a user does it, from a folder of its own and to one AWS only. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOURCES } from '../../tools/build.ts';

const root = join(import.meta.dirname, '../..');
/** What packaging reads. In a folder of its own it disturbs no other test that reads the build. */
const sources = () => [...globSync(SOURCES, { cwd: root }), 'package.json', 'tsconfig.json'];

export const REGION = 'us-east-1';

/** What points any client at this AWS, and at nothing of the developer's own. */
export function environmentOf(endpoint: string) {
  return {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

export interface Stage {
  /** The packaged template. */
  readonly template: string;
  /** The zip that is uploaded for a function. */
  bundle(functionName: string): string;
  package(): Promise<void>;
  deploy(): Promise<void>;
  remove(): Promise<void>;
  close(): void;
}

/** @param parameters of resources/parameters.yml, given on the command line */
export function stage(name: string, endpoint: string, parameters: Readonly<Record<string, string>>): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-deploy-'));
  for (const source of sources()) cpSync(join(root, source), join(folder, source));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const serverless = (...command: string[]) =>
    run(
      [
        process.execPath,
        join(root, 'node_modules/serverless/bin/serverless.js'),
        ...command,
        '--stage',
        name,
      ],
      folder,
      environmentOf(endpoint),
    );
  const given = Object.entries(parameters).map(([key, value]) => `--param=${key}=${value}`);
  return {
    template: join(folder, 'packaged/cloudformation-template-update-stack.json'),
    bundle: (functionName) => join(folder, `packaged/${functionName}.zip`),
    package: () => serverless('package', '--package', 'packaged', ...given),
    deploy: () => serverless('deploy', '--package', 'packaged', ...given),
    remove: () => serverless('remove', ...given),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Far above what any command takes. */
const PATIENCE_MS = 240_000;

/** @throws Error with everything the command said, when it fails or does not end */
export async function run(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const deadline = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(deadline);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code ?? signal}:\n${said}`);
}
