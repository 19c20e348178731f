/** The four calls of a container, and their answers. A container is not trusted: each field has a format and a limit. */
import * as z from 'zod';
import { type ErrorCode, statusOf } from '../errors.ts';
import { jsonPointer } from '../request/explain.ts';
import { bytesOf } from '../size.ts';
import { NamedObject, Nonce, RunId } from './names.ts';
import type { ScopedCredentials } from './scoped-credentials.ts';

/** Before a token is looked at. An inline result has 32 KiB at most, and what is larger is an object. */
export const MAX_CALL_BYTES = 128 * 1024;
const MAX_NAMES = 100;

const Proof = z.string().max(512);
/** `lines`: one `name=value` each, for programs without a JSON parser. It never contains a text of a tenant. */
const As = z.enum(['json', 'lines']).default('json');
/** JSON as text, so that it is read by the rules of a message, and a shell script need not build any. */
const JsonText = z.string();
/** A shell cannot put a text of a tenant between quotation marks safely. */
const Base64Text = z.strictObject({ base64: z.base64().max(8192) }).transform(({ base64 }, context) => {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected UTF-8 text' });
    return z.NEVER;
  }
});

const Upload = NamedObject.extend({
  contentType: z
    .string()
    .regex(/^[\x20-\x7e]{1,128}$/, 'expected printable ASCII')
    .default('application/octet-stream'),
});
export type Upload = z.infer<typeof Upload>;

export const WorkerCall = z.discriminatedUnion('call', [
  z.strictObject({
    call: z.literal('claim'),
    as: As,
    ticket: Proof,
    runId: RunId,
    try: z.int().min(1).max(99),
    nonce: Nonce,
  }),
  z.strictObject({
    call: z.literal('heartbeat'),
    as: As,
    token: Proof,
    progress: z.union([JsonText.max(8192), Base64Text]).optional(),
    /** Addresses of objects to read. */
    reads: z.array(z.string().max(2048)).max(MAX_NAMES).default([]),
    /** Objects to write: each is signed for exactly these bytes. */
    uploads: z.array(Upload).max(MAX_NAMES).default([]),
  }),
  z.strictObject({
    call: z.literal('complete'),
    as: As,
    token: Proof,
    /** The result itself; or `object`, which has it. Neither: the result is `null`. */
    result: JsonText.optional(),
    object: NamedObject.optional(),
    /** Other objects that were written, whose addresses are in the result. */
    objects: z.array(NamedObject).max(MAX_NAMES).default([]),
  }),
  z.strictObject({
    call: z.literal('fail'),
    as: As,
    token: Proof,
    code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
    message: z.string().max(4000),
    /** How the program ends. AWS Batch reports it of a container; of a run on Lambda this is the only word. */
    exit: z.union([z.int().min(1).max(255), z.literal('timeout')]).optional(),
  }),
]);
export type WorkerCall = z.output<typeof WorkerCall>;
type CallOf<Name extends WorkerCall['call']> = Extract<WorkerCall, { readonly call: Name }>;
export type ClaimCall = CallOf<'claim'>;
export type HeartbeatCall = CallOf<'heartbeat'>;
export type CompleteCall = CallOf<'complete'>;
export type FailCall = CallOf<'fail'>;

export interface Refused {
  readonly status: number;
  readonly code: ErrorCode;
  /** One sentence, for the log of the container. */
  readonly message: string;
}

export interface Claimed {
  readonly status: 200;
  readonly token: string;
  readonly heartbeatSeconds: number;
  readonly jobId: string;
  readonly attempt: number;
  readonly jobType: string;
  /** Where objects of this try are: the address that an object has in the result is this and its name. */
  readonly folder: string;
  /** Of an input in the record. Never in `lines`. */
  readonly input?: unknown;
  /** Of an input behind an address; in `lines`, of every input. */
  readonly inputUrl?: string;
  readonly inputRef?: string;
  /** By the addresses in the input. Never in `lines`. */
  readonly urls?: Readonly<Record<string, string>>;
  /** For the tenant's objects, where the job type asks for them. */
  readonly credentials?: ScopedCredentials;
}

export interface SignedUpload {
  readonly name: string;
  /** The object's address, s3://… */
  readonly uri: string;
  readonly url: string;
  /** To be sent with the object: without one of them the request is refused. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Heard {
  readonly status: 200;
  /** In place of the one before; absent while that has more than half of its life. */
  readonly token?: string;
  /** Together with a new token. */
  readonly credentials?: ScopedCredentials;
  /** The end of the job was asked for: the program should end. */
  readonly cancel: boolean;
  readonly urls?: Readonly<Record<string, string>>;
  readonly uploads?: readonly SignedUpload[];
}

export interface Done {
  readonly status: 200;
}

export type WorkerAnswer = Claimed | Heard | Done | Refused;

export type ParsedCall =
  | { readonly kind: 'call'; readonly call: WorkerCall }
  | { readonly kind: 'refused'; readonly answer: Refused };

/** The sentence of a refusal names the place, and never repeats a value. */
export function parseCall(event: unknown): ParsedCall {
  if (bytesOf(JSON.stringify(event) ?? '') > MAX_CALL_BYTES)
    return {
      kind: 'refused',
      answer: refusal('body_too_large', `Expected at most ${MAX_CALL_BYTES} bytes.`),
    };
  const parsed = WorkerCall.safeParse(event);
  if (parsed.success) return { kind: 'call', call: parsed.data };
  const [issue] = parsed.error.issues;
  const place =
    issue?.code === 'unrecognized_keys' ? 'a field that no call has' : jsonPointer(issue?.path ?? []);
  return { kind: 'refused', answer: refusal('call_invalid', `The call is not valid, at "${place}".`) };
}

export function refusal(code: ErrorCode, message: string): Refused {
  return { status: statusOf(code), code, message };
}

/**
 * One `name=value` in a line, for a shell: words of ours and URLs, which have no line end, no quotation mark and no backslash.
 * What holds a tenant's text (an input, a sentence about it) is left out.
 */
export function asLines(answer: WorkerAnswer): string {
  const lines: string[] = [];
  const add = (name: string, value: unknown) => {
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) add(`${name}.${key}`, inner);
    else if (value !== undefined) lines.push(`${name}=${lineValue(value)}`);
  };
  for (const [name, value] of Object.entries(answer)) if (!WITH_TENANT_TEXT.has(name)) add(name, value);
  return `${lines.join('\n')}\n`;
}

const WITH_TENANT_TEXT = new Set(['input', 'inputRef', 'urls', 'message', 'contentType']);

/** Nothing of ours has these; a value that had one would be cut here rather than become a line of its own. */
const lineValue = (value: unknown) => String(value).replace(/[\s"'\\].*$/s, '');
