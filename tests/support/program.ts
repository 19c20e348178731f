/** `npm start` as a child process: what it prints, and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compileCache } from './compile-cache.ts';
import { somethingHappened, until } from './until.ts';

const root = join(import.meta.dirname, '../..');

export interface Program {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves with the match once the output has it. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export function startProgram(...args: readonly string[]): Program {
  const child = spawn(process.execPath, ['demo/main.mjs', ...args], {
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += String(chunk);
      somethingHappened();
    });
  const exit = once(child, 'exit');
  return {
    child,
    output: () => output,
    printed: (pattern) =>
      until(
        `${pattern} in the output of npm start, which is:\n${output}`,
        async () => pattern.exec(output) ?? undefined,
      ),
    async ended() {
      const [code, signal] = await exit;
      return { code, signal };
    },
  };
}
