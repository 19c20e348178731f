/**
 * The registry of job types. Tenants name a job type; everything about its container is decided here. The build makes job
 * definitions, rights and the laptop's images of this file, and refuses what could not work.
 */
import * as z from 'zod';
import type { Image } from './domain/container/container.ts';
import { ObjectUri } from './domain/job/ids.ts';
import { type RetryPolicy, workerExitCodes } from './domain/job/job-type.ts';
import { defineJobTypes } from './domain/job/registry.ts';

const patient: RetryPolicy = {
  maxAttempts: 4,
  maxAttemptsOf: { timeout: 1, out_of_memory: 3 },
  backoff: { initialSeconds: 10, factor: 3, maxSeconds: 900 },
};

export const CsvSummariseInput = z.strictObject({
  csv: ObjectUri,
  /** Absent: what a first line such as `sep=;` says, or a comma. */
  delimiter: z
    .string()
    .regex(/^[^"\r\n\0\ufeff\p{Surrogate}]$/u, 'expected one character, no quotation mark and no line end')
    .optional(),
  /** A name of the WHATWG Encoding Standard. Absent: what a byte order mark says, or UTF-8. */
  encoding: z
    .string()
    .max(40)
    .refine(isEncoding, 'expected an encoding such as utf-8, windows-1252 or utf-16le')
    .optional(),
  /** What separates a fraction: 1,5 is text with a point, and 1.5 with a comma. */
  decimal: z.enum(['.', ',']).default('.'),
  /** The line that has the column names; those before it are skipped. Absent: the first that is not blank. */
  headerLine: z.int().min(1).max(1000).optional(),
  /** Rows that are shorter or longer than the header: empty cells and columns without a name in `fill`. */
  ragged: z.enum(['refuse', 'fill']).default('refuse'),
  /** Quotation marks that are not around a cell: text in `relaxed`; in `literal`, those around a cell are text, too. */
  quotes: z.enum(['strict', 'relaxed', 'literal']).default('strict'),
});

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}

export const ImageThumbnailsInput = z.strictObject({
  image: ObjectUri,
  widths: z.array(z.int().min(16).max(4096)).min(1).max(10),
  format: z.enum(['webp', 'jpeg', 'png']).default('webp'),
});

export const DemoSleepInput = z.strictObject({ seconds: z.int().min(0).max(3600) });

/** The image of `worker/Dockerfile`. */
const worker: Image = { architecture: 'arm64', folder: '.build/worker' };
/** The command of a handler in `worker/handlers/`. */
const work = ['node', 'main.mjs'];

export const jobTypes = defineJobTypes([
  {
    id: 'csv.summarise',
    summary: 'Streams a CSV file and writes statistics of every column.',
    input: CsvSummariseInput,
    container: {
      image: worker,
      command: work,
      size: { vcpus: 0.25, memoryMiB: 512, growsToMiB: 2048 },
    },
    queue: 'economy',
    standardAfterReclaims: 2,
    timeoutSeconds: { default: 900, max: 3600 },
    retry: patient,
    exitCodes: workerExitCodes,
    promisesResult: true,
  },
  {
    id: 'csv.quick',
    summary:
      'The same for a small file: begins within a second, on Lambda. A file that takes longer than a minute goes to AWS Batch.',
    input: CsvSummariseInput,
    container: { image: worker, command: work, size: { vcpus: 0.25, memoryMiB: 512 } },
    executor: 'lambda',
    onTimeout: 'batch',
    queue: 'standard',
    timeoutSeconds: { default: 60, max: 900 },
    retry: { ...patient, maxAttemptsOf: { timeout: 2 } },
    exitCodes: workerExitCodes,
    promisesResult: true,
    logs: 'tenant',
  },
  {
    id: 'image.thumbnails',
    summary: 'Scales one picture to several widths.',
    input: ImageThumbnailsInput,
    container: { image: worker, command: work, size: { vcpus: 1, memoryMiB: 2048 } },
    queue: 'standard',
    timeoutSeconds: { default: 300, max: 900 },
    retry: patient,
    exitCodes: workerExitCodes,
    promisesResult: true,
  },
  {
    id: 'demo.sleep',
    summary:
      'Any image, any command: sleeps, and knows nothing of Headgate. Runs at least once, commits no result.',
    input: DemoSleepInput,
    container: {
      image: worker,
      command: ['sleep', 'Ref::seconds'],
      size: { vcpus: 0.25, memoryMiB: 512 },
    },
    queue: 'standard',
    parameters: ({ seconds }: z.output<typeof DemoSleepInput>) => ({ seconds: String(seconds) }),
    timeoutSeconds: { default: 3660, max: 3660 },
    retry: patient,
    exitCodes: { 0: 'done' },
    promisesResult: false,
  },
]);
