/** `worker-api` over real records, with a bucket in memory: for the container's program, and for callers that it must refuse. */
import { createHmac, hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { WorkerApiPorts } from '../../application/worker/ports.ts';
import { workerApi } from '../../application/worker/worker-api.ts';
import type { RunFacts } from '../../domain/job/claim.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Refused, WorkerAnswer } from '../../domain/worker/calls.ts';
import { signedText, ticketText } from '../../domain/worker/tokens.ts';
import type { SignedObjects } from '../../io/aws/signed-objects.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { jobTypes } from '../../job-types.ts';
import { ObjectMissing, type Transfer } from '../../worker/transfer.ts';
import { BUCKET, JOB_ID, NOW } from './jobs.ts';

const codeOf = (purpose: string, text: string) =>
  createHmac('sha256', purpose).update(text).digest('base64url');
export const testKeys: WorkerKeys = {
  sign: async (purpose, textOf) => signedText(textOf('k1'), codeOf(purpose, textOf('k1'))),
  isGenuine: async (purpose, { text, code }) => codeOf(purpose, text) === code,
};
export const ticketFor = (jobId = JOB_ID, attempt = 1): string => {
  const text = ticketText({ keyId: 'k1', jobId, attempt });
  return signedText(text, codeOf('ticket', text));
};

export type Content = Uint8Array | string;

/** A bucket in memory. */
export function memoryBucket(contents: Readonly<Record<string, Content>> = {}) {
  const objects = new Map<string, Buffer>(
    Object.entries(contents).map(([key, content]) => [key, Buffer.from(content)]),
  );
  const read: string[] = [];
  const written: string[] = [];
  const keyIn = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
  const signed: SignedObjects = {
    readUrl: async (key) => `https://bucket.test/${encodeURIComponent(key)}?read`,
    writeUrl: async (key, { sha256 }) => ({
      url: `https://bucket.test/${encodeURIComponent(key)}?${sha256}`,
      headers: {},
    }),
    has: async (key, { bytes, sha256 }) => {
      const found = objects.get(key);
      return found?.length === bytes && hash('sha256', found) === sha256;
    },
    text: async (key) => objects.get(key)?.toString() ?? '',
    putOnce: async (key, content) => {
      if (!objects.has(key)) objects.set(key, Buffer.from(content));
    },
  };
  const transfer: Transfer = {
    get: async (url) => {
      read.push(keyIn(url));
      const found = objects.get(keyIn(url));
      if (found === undefined) throw new ObjectMissing('No such object');
      return Readable.from([found]);
    },
    put: async ({ url }, content) => {
      written.push(keyIn(url));
      if (!objects.has(keyIn(url))) objects.set(keyIn(url), Buffer.from(content));
    },
  };
  return { objects, read, written, signed, transfer };
}

export interface Given {
  readonly jobs: JobStore;
  readonly types?: JobTypes;
  readonly bucket?: ReturnType<typeof memoryBucket>;
  readonly facts?: RunFacts;
  readonly ports?: Partial<WorkerApiPorts>;
}

export function openWorkerApi({ jobs, types = jobTypes, bucket = memoryBucket(), facts, ports = {} }: Given) {
  const time = { nowMs: NOW };
  const asked: string[] = [];
  const published: string[] = [];
  const all: WorkerApiPorts = {
    jobs,
    keys: testKeys,
    objects: bucket.signed,
    lendCredentials: async (job, run) => ({
      accessKeyId: `${job.tenantId}-${job.jobId}-${run.runId}`,
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiresAt: new Date(time.nowMs + 3_600_000).toISOString(),
    }),
    askRun: async () => facts ?? { kind: 'unknown' },
    types,
    bucket: BUCKET,
    resultDays: 30,
    clock: { nowMs: () => time.nowMs },
    random: { fraction: () => 0, token: () => 'token' },
    pricing: { region: 'us-east-1', spotFactor: 0.5 },
    submitQueue: { send: async (messages) => void asked.push(...messages.map(({ body }) => body)) },
    bus: { publish: async (events) => void published.push(...events.map(({ type }) => type)) },
    log: { info: () => undefined, error: () => undefined },
    ...ports,
  };
  const answer = workerApi(all);
  return {
    time,
    bucket,
    ports: all,
    /** Bodies of submit messages, and types of events. */
    asked,
    published,
    /** As JSON goes through an invocation. */
    send: async (call: object) => JSON.parse(JSON.stringify(await answer(call))) as WorkerAnswer, // asked for no lines
    lines: async (call: object) => String(await answer({ ...call, as: 'lines' })),
  };
}

export const codeIn = (answer: WorkerAnswer): Refused['code'] | undefined =>
  'code' in answer ? answer.code : undefined;
