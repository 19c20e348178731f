/** `headgate worker try`: the program of a job type, once, on this machine, without a queue. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { openTrial, type Trial } from '../../application/worker/trial.ts';
import { JobTypeId } from '../../domain/job/ids.ts';
import type { JobType } from '../../domain/job/job-type.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { jobTypes } from '../../job-types.ts';
import { CONTAINER_PATH } from '../../local/batch/containers/task.ts';
import { createWorkspaces } from '../../local/batch/containers/workspace.ts';
import { fillCommand } from '../../local/batch/jobs/parameters.ts';
import { buildWorker, built } from '../../tools/build.ts';
import { misused, Stopped } from '../program/stopped.ts';
import { type Context, type Ending, option, type Values, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';
import { openDoor, WORKER_API } from './trial-door.ts';
import { type TrialInput, trialInput } from './trial-input.ts';
import { trialKeys } from './trial-keys.ts';
import { type TrialObjects, trialObjects } from './trial-objects.ts';
import { type ProgramEnd, runProgram } from './trial-program.ts';
import { ending, screen } from './trial-text.ts';

const root = join(import.meta.dirname, '../..');

const options = {
  id: { effect: '', schema: JobTypeId },
  input: option('FILE|-', 'its input as JSON, in a file or on standard input', z.string().min(1)),
  'timeout-seconds': option(
    'N',
    'SIGTERM after so long (the default of the job type)',
    z
      .string()
      .regex(/^[1-9]\d{0,5}$/, 'expected a whole number of seconds')
      .transform(Number)
      .optional(),
  ),
  output: option('FOLDER', 'keep the objects that it writes there', z.string().min(1).optional()),
  ...placeOptions,
};
type Given = Values<typeof options>;

export const tryOnce = verb({
  summary: 'run the program of a job type once, here, without a queue',
  argument: 'JOB_TYPE',
  options,
  details: `headgate worker try csv.summarise --input input.json

A string such as "file:orders.csv" in the input is a file beside it, and the program gets an address in its place. Addresses that begin with
s3:// are read from the stack that --local, --stage or --profile names. The program runs in the folder that takes its image's place on a
laptop; secrets are variables of this shell under the same names. Nothing is written to a table, a bucket or a queue.

Exit code 0 if the job would have succeeded.`,
  run: async (values, context) => {
    const type = typeNamed(values.id);
    const input = await trialInput(values.input, type);
    const directory = await directoryOf(type);
    const secrets = secretsOf(type, context);
    if (!input.namesObjects) return tried({ values, context, type, input, directory, secrets });
    return withStack(values, context, (stack) => {
      const s3 = stack.client(S3Client);
      const elsewhere = (key: string) => readObject(s3, input.bucket, key);
      return tried({ values, context, type, input, directory, secrets, elsewhere });
    });
  },
});

function typeNamed(id: string): JobType {
  const type = jobTypes.get(id);
  if (type !== undefined) return type;
  throw misused(`JOB_TYPE: expected one of ${[...jobTypes.keys()].join(', ')}, found ${id}.`);
}

/** A handler of ours is bundled as it is now; the folder of another image is its owner's. */
async function directoryOf({ container: { image } }: JobType): Promise<string> {
  const directory = join(root, image.folder);
  if (directory === built.worker)
    await buildWorker().catch((error: unknown) => {
      throw new Stopped('failed', error instanceof Error ? error.message : String(error));
    });
  if (!existsSync(directory))
    throw new Stopped(
      'failed',
      `Expected the folder ${image.folder} in the place of the image, found none: npm run build makes those of the examples.`,
    );
  return directory;
}

function secretsOf({ container }: JobType, { environment }: Context): Record<string, string> {
  const found = Object.keys(container.secrets ?? {}).map((name): [string, string] => {
    const value = environment[name];
    if (value === undefined)
      throw misused(`Expected the secret ${name} as a variable of this shell, found none.`);
    return [name, value];
  });
  return Object.fromEntries(found);
}

async function readObject(s3: S3Client, Bucket: string, Key: string): Promise<Readable | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Body === undefined ? undefined : Readable.fromWeb(Body.transformToWebStream() as never); // the same streams in the words of Node
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

interface Attempt {
  readonly values: Given;
  readonly context: Context;
  readonly type: JobType;
  readonly input: TrialInput;
  readonly directory: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly elsewhere?: (key: string) => Promise<Readable | undefined>;
}

async function tried(attempt: Attempt): Promise<Ending> {
  const { values, context, type, input, elsewhere = async () => undefined } = attempt;
  const folder = values.output === undefined ? undefined : resolve(values.output);
  const kept = folder ?? (await mkdtemp(join(tmpdir(), 'headgate-trial-')));
  const door = await openDoor();
  const runId = randomUUID();
  try {
    const shown = screen(context.output, systemClock);
    const objects = trialObjects(kept, input.files, elsewhere, door.urlOf);
    const ports = { keys: trialKeys(), objects, clock: systemClock, random: systemRandom, log: shown.log };
    const trial = await openTrial(ports, { ...input, type, runId }, shown.told);
    const call: Trial['call'] = async (event) => {
      const answer = await trial.call(event);
      shown.answered(answer);
      return answer;
    };
    door.open({ call, objects });
    const startedAtMs = systemClock.nowMs();
    const end = await runContainer(attempt, { trial, runId, origin: door.origin, onLine: shown.line });
    if (end.kind === 'not_started')
      throw new Stopped('failed', `The program could not be started: ${end.why}`);
    const job = trial.end({ ...end, startedAtMs });
    await ending(context.output, {
      type,
      job,
      end,
      objects: resultsIn(objects, folder),
      objectText: objects.text,
    });
    if (context.signal.aborted)
      throw new Stopped('interrupted', 'Interrupted; the program was asked to end, and has ended.');
    return job.state === 'succeeded' ? 'done' : 'failed';
  } finally {
    door.close();
    if (folder === undefined) await rm(kept, { recursive: true, force: true });
  }
}

const resultsIn = (objects: TrialObjects, folder: string | undefined) =>
  objects.written().map(({ key, file, bytes }) => ({
    name: key.slice(key.lastIndexOf('/') + 1),
    key,
    bytes,
    ...(folder && { file }),
  }));

async function runContainer(
  { values, context, type, input, directory, secrets }: Attempt,
  {
    trial,
    runId,
    origin,
    onLine,
  }: {
    readonly trial: Trial;
    readonly runId: string;
    readonly origin: string;
    readonly onLine: (line: string) => void;
  },
): Promise<ProgramEnd> {
  const { container } = type;
  const { jobId, attempt } = trial.job();
  const standing = { batchType: 'hg', jobId, attempt: String(attempt) };
  const parameters = { ...standing, ...type.parameters?.(type.input.parse(input.input)) };
  const workspaces = createWorkspaces();
  try {
    const { directory: own, temporary } = await workspaces.open(1, {
      image: directory,
      readOnly: container.writable !== true,
    });
    const environment = {
      PATH: CONTAINER_PATH,
      ...(temporary === undefined ? {} : { TMPDIR: temporary }),
      LOG_LEVEL: 'INFO',
      ...container.environment,
      ...secrets,
      HEADGATE_API: WORKER_API,
      HEADGATE_TICKET: trial.ticket,
      AWS_BATCH_JOB_ID: runId,
      AWS_BATCH_JOB_ATTEMPT: '1',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: origin,
      AWS_ACCESS_KEY_ID: 'trial',
      AWS_SECRET_ACCESS_KEY: 'trial',
    };
    const timeoutMs = (values['timeout-seconds'] ?? type.timeoutSeconds.default) * 1000;
    const command = fillCommand(container.command, parameters);
    return await runProgram({ command, directory: own, environment, timeoutMs }, context.signal, onLine);
  } finally {
    workspaces.removeAll();
  }
}
