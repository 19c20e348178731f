/** The end of a container that an engine runs: what the engine knows of it, and its removal. */
import { execFile, spawn } from 'node:child_process';
import type { ContainerEnd, ContainerSpec } from './launch-messages.ts';

export type Engine = NonNullable<ContainerSpec['engine']>;

/** `docker run` and `podman run` end so when the engine itself refused; then there is no container. */
const ENGINE_REFUSED = 125;
/** With an exit code of 126 or 127, which a program may have too: it was made and never ran. Both engines show the zero time of Go. */
const NEVER_STARTED = /^\w+ 0001-/;

/** Removes the container, also if it runs while only its command line was killed. */
export async function endInEngine({ program, name }: Engine, ended: ContainerEnd): Promise<ContainerEnd> {
  const state = await output(program, [
    'inspect',
    '--format',
    '{{.State.OOMKilled}} {{.State.StartedAt}}',
    name,
  ]);
  const outOfMemory = state.startsWith('true');
  await output(program, ['rm', '--force', name]);
  if (ended.kind !== 'exited') return ended;
  if (ended.exitCode === ENGINE_REFUSED || NEVER_STARTED.test(state))
    return {
      kind: 'not_started',
      message: `${program} could not start the container; its log has the reason`,
    };
  return outOfMemory ? { ...ended, outOfMemory } : ended;
}

/** Ends the containers in processes of their own: the caller is about to end. */
export function abandon(engines: Iterable<Engine>): void {
  for (const { program, name } of engines) {
    const child = spawn(program, ['rm', '--force', name], { detached: true, stdio: 'ignore' });
    child.on('error', () => undefined);
    child.unref();
  }
}

/** Empty when it fails: a container that was never made cannot be looked at, nor removed. */
function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { encoding: 'utf8' }, (error, stdout) => resolve(error ? '' : stdout.trim()));
  });
}
