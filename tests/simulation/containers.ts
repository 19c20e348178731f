/** Containers: Headgate's own worker, which calls `worker-api`, and images that know nothing of Headgate. */
import { hash } from 'node:crypto';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import { patient, type SendCall, type WorkerApi } from '../../worker/api.ts';
import { type Assignment, run as runWorker, type WorkerPorts } from '../../worker/run.ts';
import { ObjectMissing } from '../../worker/transfer.ts';
import { type Handler, NeverAgain, TryLater } from '../../worker/work.ts';
import { type BatchJob, type StartedContainer, ticketOf } from './batch.ts';
import type { VirtualBucket } from './bucket.ts';
import type { Run } from './faults.ts';
import { clockOf } from './lambdas.ts';
import { simulatedNonce } from './worker-api.ts';
import type { Process } from './world.ts';

export interface ContainerServices {
  readonly types: JobTypes;
  readonly bucket: VirtualBucket;
  sendFor(process: Process): SendCall;
  job(jobId: string): JobRecord | undefined;
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
    const { nonce, hash } = simulatedNonce(`${id}-${tryNumber}`);
    const me = { runId: id, try: tryNumber, attempt: Number(attempt), nonce: hash };
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
    const rewrites = run.strikes('work.rewrites', luck);
    const assignment = { ticket: ticketOf(request), runId: id, try: tryNumber, nonce };
    work(run, services, process, { jobId, workMs, rewrites, assignment, signal: ending.signal }).then(
      (code) => end(code),
      () => end(1),
    );
    return { process, ending };
  };
}

export interface Asked {
  readonly jobId: string;
  readonly workMs: number;
  readonly rewrites: boolean;
  readonly assignment: Assignment;
  readonly signal: AbortSignal;
}

/** Headgate's own program, wherever it runs. */
export function work(
  run: Run,
  services: ContainerServices,
  process: Process,
  { jobId, workMs, rewrites, assignment, signal }: Asked,
): Promise<number> {
  const clock = clockOf(run, process);
  const api = patient(services.sendFor(process), clock, run.log(process));
  const transfer = services.bucket.transferOf(process);
  const hasResult = () => services.job(jobId)?.result !== undefined;
  const ports = {
    api: rewrites ? rewriting(run, { api, transfer }, hasResult) : api,
    transfer,
    handlerOf: async () => handler(run, process, workMs),
    types: services.types,
    clock,
    log: run.log(process),
    stderr: { write: () => undefined },
  };
  run.world.stir(process);
  return runWorker(ports, assignment, signal);
}

/** It names an object that it has not written; after its result it says another, and puts other bytes in the place of its object: a program that was taken over may. */
function rewriting(
  run: Run,
  { api, transfer }: Pick<WorkerPorts, 'api' | 'transfer'>,
  hasResult: () => boolean,
): WorkerApi {
  return {
    ...api,
    async complete(call) {
      const { token } = call;
      const absent = { name: 'absent.json', bytes: 1, sha256: 'a'.repeat(64) };
      // An earlier try of the Batch job may have left a result, and the first one stays.
      const had = hasResult();
      const lied = await api.complete({ ...call, objects: [absent] });
      if (lied.status === 200 && !had)
        run.violate('W5', 'a result with an object that was not written is taken');
      const answer = await api.complete(call);
      const content = '{"by":"another program"}';
      const object = { name: 'summary.json', bytes: content.length, sha256: hash('sha256', content) };
      const heard = await api.heartbeat({ token, uploads: [object] });
      const [upload] = 'uploads' in heard ? (heard.uploads ?? []) : [];
      if (upload !== undefined) await transfer.put(upload, content);
      await api.complete({ token, result: JSON.stringify({ summary: upload?.uri, again: true }) });
      return answer;
    },
  };
}

/** Takes its time, may be asked to end meanwhile, fails in one of its ways, and writes an object. */
function handler(run: Run, process: Process, workMs: number): Handler<never> {
  const luck = run.world.dice(`work of ${process.name}`);
  return async (_, work) => {
    await Promise.race([run.world.sleep(process, workMs), asked(work.signal)]);
    if (luck.happens(0.3)) work.progress({ done: 1 });
    if (run.strikes('work.fails', luck)) throw luck.pick(failures)();
    // Each container writes something else, so that the object of one shows where it took the place of another's.
    const { uri } = await work.write(
      'summary.json',
      JSON.stringify({ by: process.name }),
      'application/json',
    );
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
