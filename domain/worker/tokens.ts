/**
 * The two proofs of a container: the ticket, with which it claims its attempt, and the task token, which it gets for the claim and
 * with which it says everything else. Both are readable; the code at the end, made with a key of the stack, is what counts.
 */
import * as z from 'zod';
import { JOB_ID } from '../job/ids.ts';
import { Nonce, RunId } from './names.ts';

/** One key for each; a key of one purpose never signs for the other. */
export type Purpose = 'ticket' | 'task';

const KeyId = z.string().regex(/^[a-z0-9]{1,16}$/);
const JobId = z.string().regex(JOB_ID);
const Attempt = z.coerce.number().int().positive().max(9999);

/**
 * It has no expiry: a job waits for capacity without a bound. It is worth something only while the record says that its attempt
 * is the current one, and for nothing but a claim.
 */
export interface Ticket {
  readonly keyId: string;
  readonly jobId: string;
  readonly attempt: number;
}

export interface Task {
  readonly keyId: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly runId: string;
  readonly try: number;
  /** The hash of the nonce of the claim. */
  readonly nonce: string;
  readonly expiresAt: number;
}

/** A text and the code that its key makes of it. */
export interface Signed<Content> {
  readonly content: Content;
  readonly text: string;
  readonly code: string;
}

export const ticketText = ({ keyId, jobId, attempt }: Ticket): string => `hgt.${keyId}.${jobId}.${attempt}`;

export const taskText = (task: Task): string =>
  ['hgk', task.keyId, task.jobId, task.attempt, task.runId, task.try, task.nonce, task.expiresAt].join('.');

export const signedText = (text: string, code: string): string => `${text}.${code}`;

const Code = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const TicketParts = z.tuple([z.literal('hgt'), KeyId, JobId, Attempt, Code]);
const TaskParts = z.tuple([
  z.literal('hgk'),
  KeyId,
  JobId,
  Attempt,
  RunId,
  z.coerce.number().int().positive().max(99),
  Nonce,
  z.coerce.number().int().positive(),
  Code,
]);

/** @returns undefined for what is no ticket; its code is not checked here */
export function parseTicket(given: string): Signed<Ticket> | undefined {
  const parsed = TicketParts.safeParse(given.split('.'));
  if (!parsed.success) return undefined;
  const [, keyId, jobId, attempt, code] = parsed.data;
  return { content: { keyId, jobId, attempt }, text: textBefore(given), code };
}

/** @returns undefined for what is no task token; its code is not checked here */
export function parseTask(given: string): Signed<Task> | undefined {
  const parsed = TaskParts.safeParse(given.split('.'));
  if (!parsed.success) return undefined;
  const [, keyId, jobId, attempt, runId, tryNumber, nonce, expiresAt, code] = parsed.data;
  const content = { keyId, jobId, attempt, runId, try: tryNumber, nonce, expiresAt };
  return { content, text: textBefore(given), code };
}

/** The very text that was signed, so that no second spelling of a number has the same code. */
const textBefore = (given: string) => given.slice(0, given.lastIndexOf('.'));

export const TASK_LIFETIME_MS = 3_600_000;
/** The holder of a token whose renewal was lost, or whose clock is slow, is not turned away. */
const GRACE_MS = 120_000;

export const isExpired = ({ expiresAt }: Task, nowMs: number): boolean => nowMs > expiresAt + GRACE_MS;

/** At half its life, so that a heartbeat may fail for half an hour. */
export const isHalfSpent = ({ expiresAt }: Task, nowMs: number): boolean =>
  expiresAt - nowMs < TASK_LIFETIME_MS / 2;
