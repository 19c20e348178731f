/** The compute environments: runs the containers of jobs as child processes, and tells how the tries ended. */
import { randomUUID } from 'node:crypto';
import { waitAtMost } from '../bounded.ts';
import { sizeOf } from '../definitions/resource-requirements.ts';
import { containersOf, type JobRecord, type Placement, type TaskContainer } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Lifecycle } from '../jobs/lifecycle.ts';
import { logStreamOf } from '../jobs/log-streams.ts';
import { fillCommand } from '../jobs/parameters.ts';
import type { TryEnd } from '../jobs/retry.ts';
import type { BatchFaults, BatchOptions } from '../options.ts';
import type { Resources } from '../queues/resources.ts';
import { engineSpec } from './engine.ts';
import { createPull, type ImageSource, type Pull, presentSource } from './image.ts';
import type { ContainerSpec } from './launch-messages.ts';
import { createLauncher, type Launcher } from './launcher.ts';
import { endLeftOvers } from './left-overs.ts';
import { createLines } from './lines.ts';
import { createMetadata } from './metadata.ts';
import { fetchSecrets } from './secrets.ts';
import { containerVariables, factsOf, isForFargate, placementOf } from './task.ts';
import { createTaskRun, NOT_STARTED, type TaskRun } from './task-run.ts';

const TIMED_OUT = 'Job attempt duration exceeded timeout';
/** As it appears in real accounts; the user guide has only the text of EC2. */
const RECLAIMED = 'Your Spot Task was interrupted.';
const CLOSE_LIMIT_MS = 5_000;
const MIB = 1024 * 1024;

interface RunningTry {
  readonly run: TaskRun;
  readonly timesOutAtMs: number;
}

export interface HostParts {
  readonly options: BatchOptions;
  readonly jobs: Jobs;
  readonly lifecycle: Lifecycle;
  readonly resources: Pick<Resources, 'environments'>;
  readonly faults: Pick<BatchFaults, 'reclaim'>;
}

export function createHost({ options, jobs, lifecycle, resources, faults }: HostParts) {
  const launcher = createLauncher();
  const pull = createPull();
  const metadata = createMetadata();
  const tries = new Map<string, RunningTry>();
  const ends = new Set<Promise<void>>();
  const reclaimed = new Set<TaskRun>();
  const killAll = () => {
    for (const { run } of tries.values()) run.kill();
  };
  let open = false;

  const isOnSpot = (arn: string): boolean =>
    resources
      .environments()
      .some((each) => each.computeEnvironmentArn === arn && each.computeResources.type === 'FARGATE_SPOT');

  async function toItsEnd(jobId: string, run: TaskRun): Promise<void> {
    const end = await run.ended;
    tries.delete(jobId);
    const ended = reclaimed.delete(run) ? { ...end, statusReason: RECLAIMED } : end;
    if (open) lifecycle.tryEnded(jobId, ended);
  }

  return {
    /** Jobs that an earlier run left running lost their host: what is left of them is ended first. */
    async start(): Promise<void> {
      await metadata.start();
      open = true;
      launcher.start();
      process.once('exit', killAll);
      endLeftOvers({ jobs, lifecycle, report: options.report });
    },
    /** Ends every child; the store still says that they run, so the next start sees a lost host. */
    async close(): Promise<void> {
      open = false;
      process.removeListener('exit', killAll);
      killAll();
      await waitAtMost(CLOSE_LIMIT_MS, Promise.all(ends));
      await launcher.close();
      await metadata.close();
    },
    /** Runs the next try of a runnable job in this compute environment. */
    run(jobId: string, environmentArn: string): void {
      const placement = placementOf(environmentArn, options.region);
      const job = lifecycle.start(jobId, placement);
      if (!job) return;
      const isTaken = isOnSpot(environmentArn) && faults.reclaim?.(job.jobName) === true;
      const onRunning = (): void => {
        if (!isTaken) return;
        reclaimed.add(run);
        run.stop();
      };
      const run = runTry(job, placement, { options, launcher, lifecycle, metadata, pull, onRunning });
      const timeoutMs = (job.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      tries.set(jobId, { run, timesOutAtMs: options.clock.now() + timeoutMs });
      const end = toItsEnd(jobId, run).finally(() => ends.delete(end));
      ends.add(end);
    },
    /** The end of the try is reported when its processes have ended. */
    stop(jobId: string): void {
      tries.get(jobId)?.run.stop();
    },
    /** Time limits follow the clock, which may be turned, so they are compared and not waited for. */
    tick(): void {
      const nowMs = options.clock.now();
      for (const [jobId, { timesOutAtMs }] of tries) {
        if (nowMs >= timesOutAtMs) lifecycle.stop(jobId, { kind: 'timed_out', reason: TIMED_OUT });
      }
    },
  };
}

interface TryParts {
  readonly options: BatchOptions;
  readonly launcher: Launcher;
  readonly lifecycle: Lifecycle;
  readonly metadata: ReturnType<typeof createMetadata>;
  readonly pull: Pull;
  /** A container of it has its process. */
  readonly onRunning: () => void;
}

function runTry(job: JobRecord, placement: Placement, parts: TryParts): TaskRun {
  const { options, launcher, lifecycle, metadata } = parts;
  const containers = containersOf(job);
  const facts = factsOf(job, placement, { region: options.region, nowMs: options.clock.now() });
  const { addresses, withdraw } = metadata.publish(facts.task, facts.containers);
  let secrets: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map();
  const run = createTaskRun({
    containers,
    graceSeconds: options.terminationGraceSeconds ?? 30,
    async prepare(): Promise<TryEnd | undefined> {
      for (const { image } of containers) {
        const fault = await imageFault(image, parts);
        if (fault !== undefined) return fault;
      }
      const fetched = await fetchSecrets(containers, options.secret);
      if (fetched.kind === 'missing') return secretFault(fetched.reason, isForFargate(job));
      secrets = fetched.byContainer;
      return undefined;
    },
    launch(container, onStarted) {
      const given = {
        surroundings: options.containerEnvironment(),
        secrets: secrets.get(container.name) ?? {},
        metadataAddress: addresses.get(container.name) ?? '',
      };
      const command = fillCommand(container.command, job.parameters);
      const environment = containerVariables({ ...job, placement }, container, given);
      const spec = specOf(container, options.imageSource(container.image), { command, environment });
      const log = logStreamOf(job, container, placement.taskArn);
      if (log) options.logs.open(log.group, log.stream);
      const lines = createLines((line) => log && options.logs.write(log.group, log.stream, line));
      const process = launcher.launch(spec, {
        onOutput: lines.add,
        onStarted(started) {
          lifecycle.running(job.jobId, started);
          onStarted();
          parts.onRunning();
        },
      });
      return { ...process, ended: process.ended.finally(lines.end) };
    },
  });
  run.ended.finally(withdraw);
  return run;
}

function specOf(
  container: TaskContainer,
  source: ImageSource | undefined,
  { command, environment }: Pick<ContainerSpec, 'command' | 'environment'>,
): ContainerSpec {
  if (source?.kind === 'engine') {
    const name = `batch-${randomUUID()}`;
    return engineSpec(container, { program: source.program, name, command, environment });
  }
  const entrypoint = source?.kind === 'command' ? source.entrypoint : undefined;
  return {
    // The shell splits the words of the entrypoint, and none of the command's.
    command: entrypoint === undefined ? command : ['/bin/sh', '-c', `${entrypoint} "$@"`, 'sh', ...command],
    image: source?.kind === 'folder' ? source.directory : undefined,
    readOnly: container.readonlyRootFilesystem === true,
    environment,
    memoryBytes: sizeOf(container).memoryMiB * MIB,
  };
}

async function imageFault(image: string, { options, pull }: TryParts): Promise<TryEnd | undefined> {
  const source = presentSource(options.imageSource(image));
  const fault =
    source === undefined
      ? `${image}: not found`
      : source.kind === 'engine' && (await pull(source.program, image));
  if (!fault) return undefined;
  return {
    statusReason: NOT_STARTED,
    reason: `CannotPullContainerError: pull image manifest failed: ${fault}`,
  };
}

/** Fargate says it of the task, an instance of the container. */
function secretFault(reason: string, onFargate: boolean): TryEnd {
  return onFargate ? { statusReason: reason } : { statusReason: NOT_STARTED, reason };
}
