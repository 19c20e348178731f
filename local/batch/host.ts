import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { Backlog } from './backlog.ts';
import type { BatchOptions } from './batch.ts';
import { waitAtMost } from './bounded.ts';
import type { RunningContainer } from './container.ts';
import type { Jobs } from './jobs.ts';
import { Launcher } from './launcher.ts';
import type { Lifecycle } from './lifecycle.ts';
import { fillCommand } from './parameters.ts';
import { endLeftOver } from './process-identity.ts';
import type { Resources } from './resources.ts';
import type { TryEnd } from './retry.ts';
import type { Shares } from './shares.ts';
import { containerVariables, placementOf } from './task.ts';

const EXITED = 'Essential container in task exited';
const NOT_STARTED = 'Task failed to start';
const TIMED_OUT = 'Job attempt duration exceeded timeout';
/** All of this is synchronous: between two rounds others get their turn. */
const MAX_ADMITTED_PER_ROUND = 100;
const MAX_STARTS_PER_ROUND = 8;
const CLOSE_LIMIT_MS = 5_000;

interface Running {
  readonly container: RunningContainer;
  readonly logStreamName: string;
  readonly timesOutAtMs: number;
}

export interface HostParts {
  readonly options: BatchOptions;
  readonly jobs: Jobs;
  readonly resources: Resources;
  readonly shares: Shares;
  readonly lifecycle: Lifecycle;
}

/**
 * Stands for the scheduler and the compute environments: looks at accepted jobs, places runnable ones and runs
 * their commands as child processes.
 */
export class Host {
  readonly #parts: HostParts;
  readonly #launcher = new Launcher();
  readonly #running = new Map<string, Running>();
  readonly #ends = new Set<Promise<void>>();
  readonly #killAll = () => {
    for (const { container } of this.#running.values()) container.kill();
  };
  #round: NodeJS.Immediate | undefined;
  #open = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** Jobs that an earlier run left running lost their host: what is left of them is ended first. */
  start(): void {
    const { jobs, lifecycle, options } = this.#parts;
    this.#open = true;
    this.#launcher.start();
    process.once('exit', this.#killAll);
    for (const job of [...jobs.withStatus('STARTING'), ...jobs.withStatus('RUNNING')]) {
      const { pid, processStart } = job.placement ?? {};
      const wasAlive = pid !== undefined && processStart !== undefined && endLeftOver(pid, processStart);
      options.report(`batch: job ${job.jobId} lost its host${wasAlive ? `; process ${pid} was ended` : ''}`);
      const instanceId = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
      lifecycle.tryEnded(job.jobId, { statusReason: `Host EC2 (instance ${instanceId}) terminated.` }, '');
    }
    this.wake();
  }

  /** Ends every child; the store still says that they run, so the next start sees a lost host. */
  async close(): Promise<void> {
    this.#open = false;
    clearImmediate(this.#round);
    process.removeListener('exit', this.#killAll);
    this.#killAll();
    await waitAtMost(CLOSE_LIMIT_MS, Promise.all(this.#ends));
    await this.#launcher.close();
  }

  /** There may be something to do: a job was accepted or is runnable, or there is room. */
  wake(): void {
    if (!this.#open || this.#round) return;
    this.#round = setImmediate(() => {
      this.#round = undefined;
      this.#admit();
      this.#place();
    });
  }

  /** The end of the try is reported when its process has ended. */
  stop(jobId: string): void {
    this.#running.get(jobId)?.container.stop(this.#parts.options.terminationGraceSeconds ?? 30);
  }

  /** Time limits follow the clock, which may be turned, so they are compared and not waited for. */
  tick(): void {
    const nowMs = this.#parts.options.clock.now();
    for (const [jobId, { timesOutAtMs }] of this.#running) {
      if (nowMs >= timesOutAtMs) {
        this.#parts.lifecycle.stop(jobId, { kind: 'timed_out', reason: TIMED_OUT });
      }
    }
  }

  /** What a running try has written so far. */
  output(logStreamName: string): string | undefined {
    for (const running of this.#running.values()) {
      if (running.logStreamName === logStreamName) return running.container.output();
    }
    return undefined;
  }

  #admit(): void {
    const submitted = this.#parts.jobs.withStatus('SUBMITTED', MAX_ADMITTED_PER_ROUND);
    for (const { jobId } of submitted) this.#parts.lifecycle.admit(jobId);
    if (submitted.length > 0) this.wake();
  }

  #place(): void {
    const backlog = new Backlog(this.#parts);
    for (let started = 0; started < MAX_STARTS_PER_ROUND; started += 1) {
      if (!backlog.startNext((jobId, environment) => this.#start(jobId, environment))) return;
    }
    this.wake();
  }

  #start(jobId: string, environmentArn: string): void {
    const { jobs, lifecycle, options } = this.#parts;
    const found = jobs.get(jobId);
    const job = found && lifecycle.start(jobId, placementOf(found, environmentArn, options.region));
    if (!job?.placement) return;
    const directory = options.imageDirectory(job.container.image);
    if (directory === undefined || !isDirectory(directory)) {
      const reason = `CannotPullContainerError: pull image manifest failed: ${job.container.image}: not found`;
      lifecycle.tryEnded(jobId, { statusReason: NOT_STARTED, reason }, '');
      return;
    }
    const container = this.#launcher.launch(
      {
        command: fillCommand(job.container.command, job.parameters),
        directory,
        environment: containerVariables(job, options),
      },
      (process) => lifecycle.running(jobId, process),
    );
    this.#running.set(jobId, {
      container,
      logStreamName: job.placement.logStreamName,
      timesOutAtMs: options.clock.now() + (job.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000,
    });
    const end = this.#end(jobId, container).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  async #end(jobId: string, container: RunningContainer): Promise<void> {
    const end = await container.ended;
    this.#running.delete(jobId);
    if (!this.#open) return;
    const tryEnd: TryEnd =
      end.kind === 'exited'
        ? { statusReason: EXITED, exitCode: end.exitCode }
        : { statusReason: NOT_STARTED, reason: `CannotStartContainerError: ${end.message}`, exitCode: 127 };
    this.#parts.lifecycle.tryEnded(jobId, tryEnd, container.output());
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
