/** The compute environments: runs the commands of jobs as child processes, and reports how they ended. */
import { statSync } from 'node:fs';
import { waitAtMost } from '../bounded.ts';
import { containersOf } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Lifecycle } from '../jobs/lifecycle.ts';
import { fillCommand } from '../jobs/parameters.ts';
import type { TryEnd } from '../jobs/retry.ts';
import type { BatchOptions } from '../options.ts';
import type { Container } from './container.ts';
import type { ContainerEnd } from './launch-messages.ts';
import { createLauncher } from './launcher.ts';
import { endLeftOvers } from './left-overs.ts';
import { containerVariables, placementOf } from './task.ts';

const EXITED = 'Essential container in task exited';
const NOT_STARTED = 'Task failed to start';
const TIMED_OUT = 'Job attempt duration exceeded timeout';
const CLOSE_LIMIT_MS = 5_000;

interface RunningTry {
  readonly container: Container;
  readonly logStreamName: string;
  readonly timesOutAtMs: number;
}

export interface HostParts {
  readonly options: BatchOptions;
  readonly jobs: Jobs;
  readonly lifecycle: Lifecycle;
}

export function createHost({ options, jobs, lifecycle }: HostParts) {
  const launcher = createLauncher();
  const tries = new Map<string, RunningTry>();
  const ends = new Set<Promise<void>>();
  const killAll = () => {
    for (const { container } of tries.values()) container.kill();
  };
  let open = false;

  async function toItsEnd(jobId: string, container: Container): Promise<void> {
    const end = await container.ended;
    tries.delete(jobId);
    if (open) lifecycle.tryEnded(jobId, tryEndOf(end), container.output());
  }

  function follow(jobId: string, container: Container): void {
    const end = toItsEnd(jobId, container).finally(() => ends.delete(end));
    ends.add(end);
  }

  return {
    /** Jobs that an earlier run left running lost their host: their remaining processes are ended first. */
    start(): void {
      open = true;
      launcher.start();
      process.once('exit', killAll);
      endLeftOvers({ jobs, lifecycle, report: options.report });
    },
    /** Ends every child; in the store they still run, so the next start finds a lost host. */
    async close(): Promise<void> {
      open = false;
      process.removeListener('exit', killAll);
      killAll();
      await waitAtMost(CLOSE_LIMIT_MS, Promise.all(ends));
      await launcher.close();
    },
    /** Runs the next try of a runnable job in this compute environment. */
    run(jobId: string, environmentArn: string): void {
      const found = jobs.get(jobId);
      const job = found && lifecycle.start(jobId, placementOf(found, environmentArn, options.region));
      if (!job?.placement) return;
      const [only] = containersOf(job);
      const directory = only && options.imageDirectory(only.image);
      if (only === undefined || directory === undefined || !isDirectory(directory)) {
        const reason = `CannotPullContainerError: pull image manifest failed: ${only?.image}: not found`;
        lifecycle.tryEnded(jobId, { statusReason: NOT_STARTED, reason }, '');
        return;
      }
      const container = launcher.launch(
        {
          command: fillCommand(only.command, job.parameters),
          directory,
          environment: containerVariables(job, only, options),
        },
        (started) => lifecycle.running(jobId, started),
      );
      tries.set(jobId, {
        container,
        logStreamName: job.placement.logStreamName,
        timesOutAtMs: options.clock.now() + (job.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000,
      });
      follow(jobId, container);
    },
    /** The end of the try is reported when its process has ended. */
    stop(jobId: string): void {
      tries.get(jobId)?.container.stop(options.terminationGraceSeconds ?? 30);
    },
    /** Time limits follow the clock, which may be turned, so they are compared and not waited for. */
    tick(): void {
      const nowMs = options.clock.now();
      for (const [jobId, { timesOutAtMs }] of tries) {
        if (nowMs >= timesOutAtMs) lifecycle.stop(jobId, { kind: 'timed_out', reason: TIMED_OUT });
      }
    },
    /** What a running try has written so far. */
    output(logStreamName: string): string | undefined {
      return [...tries.values()]
        .find((running) => running.logStreamName === logStreamName)
        ?.container.output();
    },
  };
}

function tryEndOf(end: ContainerEnd): TryEnd {
  return end.kind === 'exited'
    ? { statusReason: EXITED, exitCode: end.exitCode }
    : { statusReason: NOT_STARTED, reason: `CannotStartContainerError: ${end.message}`, exitCode: 127 };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
