/** The sandboxes of one function: one to begin with, more while calls wait, each with one call at a time. */
import type { InvokeFailure, InvokeResult, LambdaFunction } from './function.ts';
import type { Places } from './places.ts';
import { closed, type Sandbox, type Surroundings, startSandbox } from './sandbox.ts';

export interface Pool {
  /** Starts the first sandbox and waits until its bundle is imported, or has failed to be. */
  warm(): Promise<void>;
  /** Runs the function once, waiting for a free sandbox. Never rejects. */
  run(payload: unknown, requestId?: string): Promise<InvokeResult>;
  /** Ends every sandbox; calls that run or wait fail. */
  close(): Promise<void>;
}

export interface PoolOptions extends Surroundings {
  readonly places: Places;
  report(line: string): void;
}

export function createPool(fn: LambdaFunction, options: PoolOptions): Pool {
  const { places, report } = options;
  const sandboxes = new Set<Sandbox>();
  /** In the order in which they became idle: the last is taken first, so that the others can go. */
  const idle = new Map<Sandbox, NodeJS.Timeout>();
  const waiting: ((next: Sandbox | InvokeFailure) => void)[] = [];
  let starting = 0;
  let open = true;

  const rest = (sandbox: Sandbox): void => {
    const leave = (): void => {
      if (sandboxes.size > 1 && wake(sandbox)) void sandbox.end();
    };
    idle.set(sandbox, setTimeout(leave, places.spare.idleLimitMs).unref());
  };
  const wake = (sandbox: Sandbox | undefined): Sandbox | undefined => {
    if (!sandbox) return undefined;
    clearTimeout(idle.get(sandbox));
    return idle.delete(sandbox) ? sandbox : undefined;
  };

  const offer = (sandbox: Sandbox): void => {
    const next = waiting.shift();
    if (next) next(sandbox);
    else rest(sandbox);
  };

  const grow = async (): Promise<void> => {
    starting += 1;
    const sandbox = startSandbox(fn, options);
    sandboxes.add(sandbox);
    sandbox.ended.then((failure) => {
      sandboxes.delete(sandbox);
      wake(sandbox);
      // One of those that are left is the first now, which takes no place.
      if (sandboxes.size > 0) places.give();
      if (failure) report(`A sandbox of function ${fn.name} ended: ${oneLine(failure.errorMessage)}.`);
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
    if (!open || waiting.length <= starting) return;
    if (sandboxes.size === 0 || places.take(growIfNeeded)) void grow();
  };

  return {
    warm: grow,
    async run(payload, requestId) {
      if (!open) return closed;
      const { promise, resolve } = Promise.withResolvers<Sandbox | InvokeFailure>();
      waiting.push(resolve);
      const free = wake([...idle.keys()].at(-1));
      if (free) offer(free);
      growIfNeeded();
      const next = await promise;
      if ('outcome' in next) return next;
      const result = await next.invoke(JSON.stringify(payload), requestId);
      if (next.isAlive()) offer(next);
      return result;
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
