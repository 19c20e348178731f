/**
 * One try of a job: its containers, started in the order that their dependencies allow, until an essential one ends.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_TaskContainerProperties.html
 */
import type { TaskContainer } from '../jobs/job.ts';
import type { ContainerOutcome, TryEnd } from '../jobs/retry.ts';
import type { Container } from './container.ts';
import type { ContainerEnd } from './launch-messages.ts';

const EXITED = 'Essential container in task exited';
export const NOT_STARTED = 'Task failed to start';
const OUT_OF_MEMORY = 'OutOfMemoryError: Container killed due to memory usage';

export interface TaskParts {
  readonly containers: readonly TaskContainer[];
  /** Whatever must be there before the first container starts. @returns why the try ends without one */
  readonly prepare: () => Promise<TryEnd | undefined>;
  /** @param onStarted called once its process is there */
  readonly launch: (container: TaskContainer, onStarted: () => void) => Container;
  /** For containers that do not say how long they may take to stop. */
  readonly graceSeconds: number;
}

interface Running {
  readonly container: TaskContainer;
  readonly process: Container;
}

export type TaskRun = ReturnType<typeof createTaskRun>;

export function createTaskRun({ containers, prepare, launch, graceSeconds }: TaskParts) {
  const end = Promise.withResolvers<TryEnd>();
  const running = new Map<string, Running>();
  const started = new Set<string>();
  const outcomes = new Map<string, ContainerOutcome>();
  let stopping = false;

  function advance(): void {
    const waiting = containers.filter(({ name }) => !running.has(name) && !outcomes.has(name));
    for (const container of waiting) {
      const chance = stopping ? 'none' : chanceOf(container, started, outcomes);
      if (chance === 'now') start(container);
      if (chance !== 'none') continue;
      outcomes.set(container.name, { name: container.name });
      if (container.essential) stop();
    }
    if (running.size === 0 && outcomes.size === containers.length) end.resolve(endOf(containers, outcomes));
  }

  function start(container: TaskContainer): void {
    const process = launch(container, () => {
      started.add(container.name);
      advance();
    });
    running.set(container.name, { container, process });
    process.ended.then((ended) => {
      running.delete(container.name);
      outcomes.set(container.name, outcomeOf(container.name, ended));
      if (container.essential) stop();
      advance();
    });
  }

  function stop(): void {
    stopping = true;
    for (const { container, process } of running.values())
      process.stop(container.stopTimeout ?? graceSeconds);
  }

  prepare().then((failed) => {
    if (failed) end.resolve(failed);
    else advance();
  });
  return {
    ended: end.promise,
    stop,
    kill(): void {
      stopping = true;
      for (const { process } of running.values()) process.kill();
    },
  };
}

type Chance = 'now' | 'later' | 'none';

function chanceOf(
  { dependsOn }: TaskContainer,
  started: ReadonlySet<string>,
  outcomes: ReadonlyMap<string, ContainerOutcome>,
): Chance {
  const chances = dependsOn.map(({ containerName, condition }): Chance => {
    const outcome = outcomes.get(containerName);
    if (condition === 'START') return started.has(containerName) ? 'now' : outcome ? 'none' : 'later';
    if (outcome === undefined) return 'later';
    return condition === 'SUCCESS' && outcome.exitCode !== 0 ? 'none' : 'now';
  });
  if (chances.includes('none')) return 'none';
  return chances.includes('later') ? 'later' : 'now';
}

function outcomeOf(name: string, end: ContainerEnd): ContainerOutcome {
  if (end.kind === 'not_started') {
    return { name, exitCode: 127, reason: `CannotStartContainerError: ${end.message}` };
  }
  return { name, exitCode: end.exitCode, ...(end.outOfMemory && { reason: OUT_OF_MEMORY }) };
}

/** The job's exit code is that of its first essential container that failed. */
function endOf(
  containers: readonly TaskContainer[],
  outcomes: ReadonlyMap<string, ContainerOutcome>,
): TryEnd {
  const all = containers.map(({ name }) => outcomes.get(name) ?? { name });
  const essential = containers.flatMap(({ name, essential }) =>
    essential ? (outcomes.get(name) ?? []) : [],
  );
  const { exitCode, reason } = essential.find((one) => one.exitCode !== 0) ?? { exitCode: 0 };
  const neverRan = reason?.startsWith('CannotStartContainerError') ?? false;
  return { statusReason: neverRan ? NOT_STARTED : EXITED, exitCode, reason, containers: all };
}
