/** Virtual time: a queue of (time, sequence, continuation), one continuation at a time, and processes that can die. */
import type { Container } from '../../domain/job/claim.ts';
import { type Dice, dice } from './dice.ts';

export const START_MS = Date.UTC(2026, 0, 5, 9);

export type Role =
  | 'intake'
  | 'submit'
  | 'track'
  | 'notify'
  | 'deliver'
  | 'tick'
  | 'worker-api'
  | 'container'
  | 'outside';

/** A Lambda invocation or a container. Its promises never settle once it is dead: what a killed sandbox looks like. */
export interface Process {
  readonly role: Role;
  readonly name: string;
  readonly skewMs: number;
  readonly startedAtMs: number;
  /** The container this is, or the one that it answers, if there is one. */
  readonly container: Container | undefined;
  /** Calls of SubmitJob that this process has opened by its own write and not yet made: Batch job name → number. */
  readonly opened: Map<string, number>;
  /** How much of its work goes on with a turn of the event loop: streams, and what is gathered until a turn's end. */
  turning: number;
  alive: boolean;
  /** Until then its calls do not get out. */
  cutOffUntilMs: number;
  /** Until then nothing that it waits for reaches it: Lambda has frozen it between two awaits. */
  frozenUntilMs: number;
  /** When the next try of each delivery may begin, as it read it last; by webhook id. */
  readonly nextTries: Map<string, number>;
  /** Attempts to which it gave a slot, and those whose submit message it has sent: `jobId#attempt`. */
  readonly admitted: Set<string>;
  readonly asked: Set<string>;
  /** What it is about to read from the table, in one call. */
  reading?: { readonly onArrival: (() => void)[]; readonly answer: Promise<void> };
  onDeath?: () => void;
}

export interface World {
  nowMs(): number;
  at(atMs: number, work: () => void): void;
  after(delayMs: number, work: () => void): void;
  /** As `after`, for what goes on for ever: it alone does not keep the world busy. */
  inBackground(delayMs: number, work: () => void): void;
  isQuiet(): boolean;
  dice(name: string): Dice;
  /** To be called by whatever lets code go on that waits for a promise; of `process`, if it is one's. */
  stir(process?: Process): void;
  /** How many continuations have run. */
  steps(): number;
  /** Runs what is due, in order, until nothing is left, `done` says so, or the time is over. */
  run(untilMs: number, done: () => boolean): Promise<void>;
  kill(process: Process): void;
  /** Lets a process go on: at once, or when it is thawed, or never if it is dead by then. */
  thaw(process: Process, goOn: () => void): void;
  /** Never resolves for a process that dies meanwhile. */
  sleep(process: Process, delayMs: number): Promise<void>;
}

interface Due {
  readonly atMs: number;
  readonly sequence: number;
  readonly background: boolean;
  readonly work: () => void;
}

export function world(seed: number): World {
  let nowMs = START_MS;
  let sequence = 0;
  const heap: Due[] = [];
  let busy = 0;
  let steps = 0;
  let stirred = false;
  let turned = false;
  const stir = (process?: Process) => {
    stirred = true;
    turned ||= process !== undefined && process.turning > 0;
  };
  const put = (atMs: number, work: () => void, background: boolean) => {
    if (!background) busy++;
    push(heap, { atMs: Math.max(nowMs, Math.round(atMs)), sequence: sequence++, background, work });
  };
  const at = (atMs: number, work: () => void) => put(atMs, work, false);
  const thaw = (process: Process, goOn: () => void) => {
    if (!process.alive) return;
    if (process.frozenUntilMs > nowMs) return at(process.frozenUntilMs, () => thaw(process, goOn));
    stir(process);
    goOn();
  };
  return {
    nowMs: () => nowMs,
    at,
    after: (delayMs, work) => at(nowMs + delayMs, work),
    inBackground: (delayMs, work) => put(nowMs + delayMs, work, true),
    isQuiet: () => busy === 0,
    dice: (name) => dice(seed, name),
    stir,
    thaw,
    steps: () => steps,
    async run(untilMs, done) {
      for (let next = pop(heap); next !== undefined; next = pop(heap)) {
        if (next.atMs > untilMs || done()) return;
        nowMs = next.atMs;
        if (!next.background) busy--;
        steps++;
        next.work();
        // All that a continuation has set free runs before the next one. Most set nothing free.
        if (!stirred) continue;
        await endOfPromises();
        // Read after the promises: one of them may have begun what needs a turn.
        while (turned) {
          turned = false;
          await endOfTurn();
          await endOfTurn();
        }
        stirred = false;
      }
    },
    kill(process) {
      if (!process.alive) return;
      process.alive = false;
      process.onDeath?.();
    },
    sleep: (process, delayMs) =>
      new Promise((resolve) => {
        at(nowMs + delayMs, () => thaw(process, resolve));
      }),
  };
}

/** Node takes the next tick when no promise has anything left to do, and it costs a fifth of a turn. */
const endOfPromises = () => new Promise<void>((resolve) => process.nextTick(resolve));
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const before = (a: Due, b: Due) => (a.atMs !== b.atMs ? a.atMs < b.atMs : a.sequence < b.sequence);

function push(heap: Due[], item: Due): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up];
    if (parent === undefined || !before(item, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = item;
}

function pop(heap: Due[]): Due | undefined {
  const first = heap[0];
  const item = heap.pop();
  if (first === undefined || item === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    const down = a !== undefined && b !== undefined && before(b, a) ? left + 1 : left;
    const child = heap[down];
    if (child === undefined || !before(child, item)) break;
    heap[at] = child;
    at = down;
  }
  heap[at] = item;
  return first;
}
