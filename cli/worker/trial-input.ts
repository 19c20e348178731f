/** The input of a trial: read and checked as a message's is, with files of this machine in the places of objects. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { text as allOf } from 'node:stream/consumers';
import { problem } from '../../domain/errors.ts';
import type { JobType } from '../../domain/job/job-type.ts';
import { foreignObject, inputProblem, objectUrisIn } from '../../domain/request/admission.ts';
import { typeName } from '../../domain/request/expectation.ts';
import { readJson } from '../../domain/request/json.ts';
import type { JobRequest } from '../../domain/request/request.ts';
import { misused, refusedBy } from '../program/stopped.ts';

type Input = NonNullable<JobRequest['input']>;

export interface TrialInput {
  readonly input: Input;
  readonly bucket: string;
  readonly tenantId: string;
  /** By key: what the input names by `file:`. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether it names objects of a bucket. */
  readonly namesObjects: boolean;
}

const OWN = { bucket: 'headgate-trial', tenantId: 'trial' };

/** @param given `-` for standard input @throws Stopped with the refusal that intake would write */
export async function trialInput(given: string, type: JobType): Promise<TrialInput> {
  const read = given === '-' ? allOf(process.stdin) : readFile(given, 'utf8');
  const text = await read.catch(() => {
    throw misused(`--input: expected a file that can be read, found none at ${given}.`);
  });
  const json = readJson(text);
  if (json.kind === 'refused') throw refusedBy(json.problem);
  const { value } = json;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusedBy(problem('input_invalid', '/input', `Expected a JSON object, found ${typeName(value)}.`));
  const { bucket, tenantId } = ownerOf(value);
  const files = new Map<string, string>();
  const folder = given === '-' ? process.cwd() : dirname(resolve(given));
  const input = (await withFiles(value, async (name) => {
    const file = resolve(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() !== true) throw misused(`--input: expected a file at ${file}, found none.`);
    const key = `tenants/${tenantId}/inputs/${files.size + 1}/${basename(file)}`;
    files.set(key, file);
    return `s3://${bucket}/${key}`;
  })) as Input; // an object stays one
  const found = foreignObject({ tenantId, input }, bucket) ?? inputProblem(input, type);
  if (found !== undefined)
    throw refusedBy({ ...found, message: `at ${found.pointer || '/'}: ${found.message}` });
  return { input, bucket, tenantId, files, namesObjects: objectUrisIn(value).length > 0 };
}

/** The objects of an input are all of one tenant: that of the first. */
function ownerOf(value: unknown): typeof OWN {
  const [first] = objectUrisIn(value);
  if (first === undefined) return OWN;
  const owned = /^s3:\/\/(?<bucket>[^/]+)\/tenants\/(?<tenantId>[^/]+)\//.exec(first);
  const { bucket = OWN.bucket, tenantId = OWN.tenantId } = owned?.groups ?? {};
  return { bucket, tenantId };
}

async function withFiles(value: unknown, addressOf: (name: string) => Promise<string>): Promise<unknown> {
  if (typeof value === 'string')
    return value.startsWith('file:') ? addressOf(value.slice('file:'.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const each of value) list.push(await withFiles(each, addressOf));
    return list;
  }
  const entries: [string, unknown][] = [];
  for (const [key, child] of Object.entries(value)) entries.push([key, await withFiles(child, addressOf)]);
  return Object.fromEntries(entries);
}
