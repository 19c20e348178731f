/** The sandboxes of one function: one to begin with, more while calls wait, each with one call at a time. */
import type { InvokeFailure, InvokeResult, LambdaFunction } from './function.ts';
import { closed, type Sandbox, type Surroundings, startSandbox } from './sandbox.ts';

export interface Pool {
  /** Starts the first sandbox and waits until its bundle is imported, or has failed to be. */
  warm(): Promise<void>;
  /** Runs the function once, waiting for a free sandbox. Never rejects. */
  run(payload: unknown): Promise<InvokeResult>;
  /** Lets the pool grow to at least this many sandboxes. */
  allow(sandboxes: number): void;
  /** Ends every sandbox; calls that run or wait fail. */
  close(): Promise<void>;
}

/** For functions that are called directly: enough to overlap, few enough for two cores. */
const DIRECT_SANDBOXES = 4;

export function createPool(
  fn: LambdaFunction,
  surroundings: Surroundings & { report(line: string): void },
): Pool {
  const sandboxes = new Set<Sandbox>();
  const idle: Sandbox[] = [];
  const waiting: ((next: Sandbox | InvokeFailure) => void)[] = [];
  let most = DIRECT_SANDBOXES;
  let starting = 0;
  let open = true;

  const offer = (sandbox: Sandbox): void => {
    const next = waiting.shift();
    if (next) next(sandbox);
    else idle.push(sandbox);
  };

  const grow = async (): Promise<void> => {
    starting += 1;
    const sandbox = startSandbox(fn, surroundings);
    sandboxes.add(sandbox);
    sandbox.ended.then((failure) => {
      sandboxes.delete(sandbox);
      if (idle.includes(sandbox)) idle.splice(idle.indexOf(sandbox), 1);
      if (failure)
        surroundings.report(`A sandbox of function ${fn.name} ended: ${oneLine(failure.errorMessage)}.`);
      growIfNeeded();
    });
    const failure = await sandbox.ready;
    starting -= 1;
    // A bundle that cannot be imported fails the call it was started for; the next call tries again.
    if (failure) waiting.shift()?.(failure);
    else offer(sandbox);
  };

  // A sandbox takes longer to start than most calls to finish, so a call that waits takes whichever comes first.
  const growIfNeeded = (): void => {
    if (waiting.length > starting && sandboxes.size < most) void grow();
  };

  return {
    warm: grow,
    async run(payload) {
      if (!open) return closed;
      const { promise, resolve } = Promise.withResolvers<Sandbox | InvokeFailure>();
      waiting.push(resolve);
      const free = idle.pop();
      if (free) offer(free);
      growIfNeeded();
      const next = await promise;
      if ('outcome' in next) return next;
      const result = await next.invoke(JSON.stringify(payload));
      if (next.isAlive()) offer(next);
      return result;
    },
    allow(wanted) {
      most = Math.max(most, wanted);
    },
    async close() {
      open = false;
      for (const next of waiting.splice(0)) next(closed);
      await Promise.all([...sandboxes].map((sandbox) => sandbox.end()));
    },
  };
}

function oneLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
