/**
 * Ends the sandboxes of a host that was killed. This takes a process of its own: a function that never returns to its
 * event loop does not notice that its host is gone, and would run for ever.
 */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Reaper {
  /** @param leader a process that leads a group */
  watch(leader: number): void;
  /** The process has ended; its number may be given to another one. */
  forget(leader: number): void;
  close(): void;
}

/**
 * Each line of input lists all groups that exist now; the end of input means that the host is gone. A shell takes 1 MB of
 * memory, a Node process 40 MB.
 */
const SCRIPT = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -s KILL -- $groups';

export function createReaper(): Reaper {
  const leaders = new Set<number>();
  let shell: ChildProcess | undefined;
  const report = (): void => {
    shell ??= startShell();
    shell.stdin?.write(`${[...leaders].map((leader) => -leader).join(' ')}\n`);
  };
  return {
    watch(leader) {
      leaders.add(leader);
      report();
    },
    forget(leader) {
      if (leaders.delete(leader) && shell) report();
    },
    close() {
      shell?.kill('SIGKILL');
      shell = undefined;
    },
  };
}

function startShell(): ChildProcess {
  // In a group of its own, so that Ctrl-C does not end it before the host has ended.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without it a sandbox still ends with its host as soon as its function returns to its event loop.
  shell.on('error', () => undefined);
  shell.stdin?.on('error', () => undefined);
  return shell;
}
