/** Containers: Headgate's own worker with a virtual object store, and images that know nothing of Headgate. */
import type { JobTypes } from '../../domain/job/job-type.ts';
import { ObjectMissing, type ObjectStore } from '../../io/aws/objects.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { run as runWorker } from '../../worker/run.ts';
import { type Handler, NeverAgain, TryLater } from '../../worker/work.ts';
import type { BatchJob, StartedContainer } from './batch.ts';
import { type Run, reach } from './faults.ts';
import { BUCKET, clockOf } from './lambdas.ts';
import type { Process } from './world.ts';

export interface ContainerServices {
  readonly types: JobTypes;
  readonly objects: Set<string>;
  jobsFor(process: Process): Pick<JobStore, 'get' | 'replace' | 'whole'>;
}

export type StartContainer = (
  job: BatchJob,
  tryNumber: number,
  end: (exitCode?: number) => void,
) => StartedContainer;

export function containers(run: Run, services: ContainerServices): StartContainer {
  const { world } = run;
  const luck = world.dice('containers');
  return ({ id, request }, tryNumber, end) => {
    const { jobId = '', attempt, batchType = '' } = request.parameters;
    const me = { runId: id, try: tryNumber, attempt: Number(attempt) };
    const process = run.process('container', me);
    const ending = new AbortController();
    run.note(process.name, () => `starts for attempt ${attempt} as ${id} try ${tryNumber}`, jobId);
    // Batch hears of a dead container a little later: by its exit code, or not at all when the host went with it.
    process.onDeath = () => {
      run.note(process.name, () => 'dies', jobId);
      const hostToo = luck.happens(0.5);
      world.after(luck.between(100, 5000), () => (hostToo ? end() : end(137)));
    };
    const workMs = run.strikes('work.overruns', luck)
      ? 400_000
      : luck.between(200, luck.happens(0.5) ? 5000 : 60_000);
    if (run.strikes('batch.hostLost', luck)) world.after(luck.between(0, workMs), () => world.kill(process));

    if (batchType === 'demo.sleep') {
      const exitCode = run.strikes('work.fails', luck) ? 1 : 0;
      void world.sleep(process, workMs).then(() => end(exitCode));
      return { process, ending };
    }
    const ports = {
      jobs: services.jobsFor(process),
      objectsOf: () => objectsOf(run, process, services.objects),
      handlerOf: async () => handler(run, process, workMs),
      bucket: BUCKET,
      types: services.types,
      clock: clockOf(run, process),
      log: run.log(process),
      stderr: { write: () => undefined },
    };
    world.stir(process);
    runWorker(ports, { ...me, jobId, batchType }, ending.signal).then(
      (code) => end(code),
      () => end(1),
    );
    return { process, ending };
  };
}

/** Takes its time, may be asked to end meanwhile, fails in one of its ways, and writes an object. */
function handler(run: Run, process: Process, workMs: number): Handler<never> {
  const luck = run.world.dice(`work of ${process.name}`);
  return async (_, work) => {
    await Promise.race([run.world.sleep(process, workMs), asked(work.signal)]);
    if (luck.happens(0.3)) work.progress({ done: 1 });
    if (run.strikes('work.fails', luck)) throw luck.pick(failures)();
    const { uri } = await work.write('summary.json', '{}', 'application/json');
    return { summary: uri };
  };
}

const failures: readonly [() => Error, ...(() => Error)[]] = [
  () => new ObjectMissing('No such object'),
  () => new TryLater('The source is busy'),
  () => new NeverAgain('input_rejected', 'The file is empty'),
  () => new Error('A fault of the handler'),
];

const asked = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

function objectsOf(run: Run, process: Process, objects: Set<string>): ObjectStore {
  return {
    read: () => Promise.reject(new ObjectMissing('Nothing is read in this world')),
    write: (key, content) =>
      reach(run, process, { site: 'objects.write' }, () => {
        const uri = `s3://${BUCKET}/${key}`;
        objects.add(uri);
        return { uri, bytes: content.length };
      }),
  };
}
