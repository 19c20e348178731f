/** The function that containers call, each invocation a process of its own. */
import { nonceHashOf } from '../../application/job/identity.ts';
import { failedRuns } from '../../application/worker/failed-runs.ts';
import type { WorkerApiPorts } from '../../application/worker/ports.ts';
import { type AskRun, askingBatch } from '../../application/worker/run-facts.ts';
import { workerApi } from '../../application/worker/worker-api.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { WorkerAnswer } from '../../domain/worker/calls.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import type { SendCall } from '../../worker/api.ts';
import type { VirtualBatch } from './batch.ts';
import type { VirtualBucket } from './bucket.ts';
import { CallFailed, type Run, reach } from './faults.ts';
import { simulatedKeys } from './keys.ts';
import { BUCKET, clockOf, type Mutant } from './lambdas.ts';
import type { Process } from './world.ts';

export interface WorkerApiServices {
  readonly types: JobTypes;
  readonly bucket: VirtualBucket;
  batch(): VirtualBatch;
  portsOf(process: Process): Pick<WorkerApiPorts, 'jobs' | 'bus' | 'submitQueue' | 'random' | 'pricing'>;
  readonly defectsOf?: Mutant['workerApi'] | undefined;
}

/** How long a container waits for an answer. */
const CLIENT_TIMEOUT_MS = 35_000;
/** Each sandbox remembers for itself what it has asked AWS Batch. */
const SANDBOXES = 3;

export interface VirtualWorkerApi {
  /** The call of a process to the function. */
  sendFor(caller: Process): SendCall;
  /** What the function does with records of failed runs. */
  failedRuns(process: Process): MessageBatch;
}

export function virtualWorkerApi(run: Run, services: WorkerApiServices): VirtualWorkerApi {
  const { world } = run;
  const luck = world.dice('worker-api');
  const sandboxes = Array.from({ length: SANDBOXES }, () => asking(run, services));

  const invocation = (caller: Process, call: object): Promise<WorkerAnswer> => {
    const process = run.process('worker-api', caller.container);
    run.note(caller.name, () => `calls ${process.name}: ${JSON.stringify(call).slice(0, 300)}`);
    world.stir(process);
    const answer = workerApi(portsOf(process))(call) as Promise<WorkerAnswer>; // the containers of this world ask for no lines
    // The caller may not wait for it any more.
    answer.catch(() => undefined);
    return answer;
  };

  const portsOf = (process: Process): WorkerApiPorts => {
    const sandbox = sandboxes[luck.whole(0, SANDBOXES - 1)] ?? asking(run, services);
    const sound: WorkerApiPorts = {
      keys: simulatedKeys,
      objects: services.bucket.signedFor(process),
      askRun: sandbox(process),
      lendCredentials: async () => {
        throw new Error('No job type of the simulator asks for credentials');
      },
      types: services.types,
      bucket: BUCKET,
      resultDays: 30,
      clock: clockOf(run, process),
      log: run.log(process),
      ...services.portsOf(process),
    };
    return { ...sound, ...services.defectsOf?.(sound, process) };
  };
  const sendFor =
    (caller: Process): SendCall =>
    async (call) => {
      const { answer } = await reach(run, caller, { site: 'workerApi.invoke' }, () => ({
        answer: invocation(caller, call),
      }));
      return new Promise((resolve, reject) => {
        const tell = (settle: () => void) =>
          world.after(luck.between(1, 40), () => world.thaw(caller, settle));
        answer.then(
          (given) => tell(() => resolve(given)),
          () => tell(() => reject(new CallFailed('workerApi.invoke'))),
        );
        world.after(CLIENT_TIMEOUT_MS, () =>
          world.thaw(caller, () => reject(new CallFailed('workerApi.invoke'))),
        );
      });
    };
  return { sendFor, failedRuns: (process) => failedRuns(portsOf(process)) };
}

/** What one sandbox asks of AWS Batch; each call goes out from the process that runs in it then. */
function asking(run: Run, services: WorkerApiServices): (process: Process) => AskRun {
  let running: Process | undefined;
  const batch = {
    describe: (ids: readonly string[]) => {
      if (running === undefined) throw new Error('AWS Batch is asked by no process');
      return services.batch().portFor(running).describe(ids);
    },
  };
  const ask = askingBatch(batch, { nowMs: () => run.world.nowMs() }, ['standard', 'economy']);
  return (process) => (job, me) => {
    running = process;
    return ask(job, me);
  };
}

export const simulatedNonce = (name: string) => {
  const nonce = `nonce-of-${name}`.padEnd(16, '0');
  return { nonce, hash: nonceHashOf(nonce) };
};
