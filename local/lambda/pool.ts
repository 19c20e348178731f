/**
 * The sandboxes of one function, or of one tenant of a function that isolates tenants: more while calls wait, each with one call at a
 * time. A function has one to begin with; a tenant has none before its first call and after a while without one.
 */
import type { CallFacts, InvokeFailure, InvokeResult, LambdaFunction } from './function.ts';
import type { Places } from './places.ts';
import { closed, type Sandbox, type Surroundings, startSandbox } from './sandbox.ts';

export interface Pool {
  /** Starts the first sandbox, unless a call has, and waits until its bundle is imported, or has failed to be. */
  warm(): Promise<void>;
  /** Runs the function once, waiting for a free sandbox. Never rejects. */
  run(payload: unknown, facts?: CallFacts): Promise<InvokeResult>;
  /** Kills the sandboxes that run a call. */
  kill(): void;
  /** The bundle is another one now: calls that run finish on the old one, and all later ones run the new. */
  renew(): Promise<void>;
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
  const idle = idleSandboxes(places.spare.idleLimitMs, () => sandboxes.size > residents);
  const waiting: ((next: Sandbox | InvokeFailure) => void)[] = [];
  /** They have a bundle from before, and end after the call that they run or start for. */
  const outdated = new WeakSet<Sandbox>();
  const busy = new Set<Sandbox>();
  /** Sandboxes that stay and take no place. */
  const residents = fn.isolatesTenants === true ? 0 : 1;
  let starting = 0;
  let open = true;

  const offer = (sandbox: Sandbox): void => {
    if (outdated.has(sandbox)) return void sandbox.end();
    const next = waiting.shift();
    if (next) next(sandbox);
    else idle.rest(sandbox);
  };

  const grow = async (): Promise<void> => {
    starting += 1;
    const sandbox = startSandbox(fn, options);
    sandboxes.add(sandbox);
    sandbox.ended.then((failure) => {
      sandboxes.delete(sandbox);
      idle.wake(sandbox);
      // One of those that are left is the first now, which takes no place.
      if (sandboxes.size >= residents) places.give();
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
    while (open && waiting.length > starting && (sandboxes.size < residents || places.take(growIfNeeded)))
      void grow();
  };

  return {
    async warm() {
      if (open && sandboxes.size === 0) await grow();
    },
    async run(payload, facts) {
      if (!open) return closed;
      const { promise, resolve } = Promise.withResolvers<Sandbox | InvokeFailure>();
      waiting.push(resolve);
      const free = idle.wake(idle.all().at(-1));
      if (free) offer(free);
      growIfNeeded();
      const next = await promise;
      if ('outcome' in next) return next;
      busy.add(next);
      const result = await next.invoke(JSON.stringify(payload), facts);
      busy.delete(next);
      if (next.isAlive()) offer(next);
      return result;
    },
    kill() {
      for (const sandbox of busy) sandbox.kill();
    },
    async renew() {
      for (const sandbox of sandboxes) outdated.add(sandbox);
      await Promise.all(idle.all().map((sandbox) => idle.wake(sandbox)?.end()));
      if (open && sandboxes.size < residents) await grow();
    },
    async close() {
      open = false;
      for (const next of waiting.splice(0)) next(closed);
      await Promise.all([...sandboxes].map((sandbox) => sandbox.end()));
    },
  };
}

/** In the order in which they became idle: the last is taken first, so that the others can go. */
function idleSandboxes(limitMs: number, mayLeave: () => boolean) {
  const timers = new Map<Sandbox, NodeJS.Timeout>();
  const wake = (sandbox: Sandbox | undefined): Sandbox | undefined => {
    if (!sandbox) return undefined;
    clearTimeout(timers.get(sandbox));
    return timers.delete(sandbox) ? sandbox : undefined;
  };
  return {
    wake,
    all: () => [...timers.keys()],
    rest(sandbox: Sandbox): void {
      const leave = (): void => {
        if (mayLeave() && wake(sandbox)) void sandbox.end();
      };
      timers.set(sandbox, setTimeout(leave, limitMs).unref());
    },
  };
}

function oneLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
