/** The input of a job: in the record, or behind `inputRef`; in both cases read and checked by the same rules. */
import * as z from 'zod';
import { tenantOfFolder } from '../domain/job/identity.ts';
import type { JobType } from '../domain/job/job-type.ts';
import { foreignObject, inputProblem } from '../domain/request/admission.ts';
import { typeName } from '../domain/request/expectation.ts';
import { MESSAGE_LIMITS, readJson } from '../domain/request/json.ts';
import type { Claimed } from '../domain/worker/calls.ts';
import { readAtMost } from './bytes.ts';
import { NeverAgain, type Work } from './work.ts';

type Objects = Work['objects'];
/** In the record it is an object; its fields are checked by the schema of its job type. */
const Input = z.record(z.string(), z.any());

/** An input is held in memory as text and as values; what is larger is an object that the input names. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The schema may have changed since the job was accepted, so an input in the record is checked again, too.
 *
 * @throws NeverAgain when it is not the JSON that the job type expects, or names another tenant's objects
 */
export async function loadInput(
  objects: Objects,
  claimed: Pick<Claimed, 'input' | 'inputRef' | 'folder'>,
  type: JobType,
): Promise<unknown> {
  const { inputRef, folder } = claimed;
  const input = inputRef === undefined ? Input.parse(claimed.input) : await inputBehind(objects, inputRef);
  const { bucket, tenantId } = tenantOfFolder(folder);
  const found = foreignObject({ tenantId, input }, bucket) ?? inputProblem(input, type);
  if (found !== undefined) throw new NeverAgain(found.code, `${found.pointer}: ${found.message}`);
  return type.input.parse(input);
}

/** By the reader of messages, so that no number and no key is read otherwise than inline. Only the size may be larger. */
async function inputBehind(objects: Objects, uri: string): Promise<Record<string, never>> {
  const json = readJson(utf8(await content(objects, uri)), {
    ...MESSAGE_LIMITS,
    keys: Number.POSITIVE_INFINITY,
  });
  if (json.kind === 'refused') {
    const { code, pointer, message } = json.problem;
    // The codes of a message's body name the message; the sentence is right for both.
    throw refusal(code.startsWith('body_') ? 'input_invalid' : code, `at "${pointer}": ${message}`);
  }
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value))
    throw refusal('input_invalid', `Expected a JSON object, found ${typeName(json.value)}.`);
  return json.value as Record<string, never>; // its fields are checked by the schema next
}

function content(objects: Objects, uri: string): Promise<Buffer> {
  const tooLarge = () => refusal('input_invalid', `Expected at most ${MAX_BYTES} bytes, found more.`);
  return objects.read(uri).then((source) => readAtMost(source, MAX_BYTES, tooLarge));
}

/** A byte order mark stays in the text, where the reader refuses it. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusal('input_invalid', 'Expected UTF-8 text, found bytes that are not UTF-8.');
  }
}

function refusal(code: string, sentence: string): NeverAgain {
  return new NeverAgain(code, `The object behind inputRef: ${sentence}`);
}
