/** Dead letters as an operator sees them: their content, the filter of a command, and when a job may be discarded. */
import * as z from 'zod';
import { JOB_ID, JobTypeId, TenantId } from '../job/ids.ts';
import { changed, FailureClass, type JobRecord } from '../job/job.ts';

/** A message as it is in the dead-letter queue. */
export interface StoredMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sentAtMs: number;
}

export interface Letter {
  /**
   * `refused` cannot be a job, `failed` is a job that failed for good, `moved` was received five times and not
   * finished.
   */
  readonly kind: 'refused' | 'failed' | 'moved';
  /** The id of the failed job, else of the message that the service sent. Copies of one letter share it. */
  readonly id: string;
  /** The id of the letter itself, as other SQS tools show it. */
  readonly messageId: string;
  /** When it was refused or failed; for a moved message, when it was sent. */
  readonly atMs: number;
  readonly code: string;
  readonly reason: string;
  readonly class: string | undefined;
  /** Read from the body, which may be anything: absent unless the body has one. */
  readonly tenant: string | undefined;
  readonly type: string | undefined;
}

/** @see domain/dead-letter/dead-letter.ts, which writes these attributes */
export function readLetter({ messageId, body, attributes, sentAtMs }: StoredMessage): Letter {
  const { code = '', reason = '', deadLetterOf = '' } = attributes;
  const { tenant, type } = senderOf(body);
  const common = { messageId, tenant, type };
  if (JOB_ID.test(deadLetterOf)) {
    const atMs = timeOf(attributes['lastFailureAt'], sentAtMs);
    return { ...common, kind: 'failed', id: deadLetterOf, atMs, code, reason, class: attributes['class'] };
  }
  if (code !== '' && attributes['refusedAt'] !== undefined) {
    const id = attributes['messageId'] ?? messageId;
    const atMs = timeOf(attributes['refusedAt'], sentAtMs);
    return { ...common, kind: 'refused', id, atMs, code, reason, class: undefined };
  }
  return {
    ...common,
    kind: 'moved',
    id: messageId,
    atMs: sentAtMs,
    code: 'too_many_receives',
    reason: 'Intake received it five times and did not finish it.',
    class: undefined,
  };
}

function timeOf(text: string | undefined, otherwiseMs: number): number {
  const atMs = Date.parse(text ?? '');
  return Number.isNaN(atMs) ? otherwiseMs : atMs;
}

const Sender = z.object({
  tenantId: TenantId.optional().catch(undefined),
  jobType: JobTypeId.optional().catch(undefined),
});

/** The tenant and job type in a body, as far as it can be read: it may be anything. */
function senderOf(body: string): Pick<Letter, 'tenant' | 'type'> {
  const { data } = Sender.safeParse(parsedJson(body));
  return { tenant: data?.tenantId, type: data?.jobType };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const Instant = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** `30m`, `2h` or `7d` ago, or an ISO time with its zone, or a date (UTC). @returns epoch ms */
export function sinceMs(text: string, nowMs: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
  return Instant.safeParse(text).success ? Date.parse(text) : undefined;
}

/** The filter as it is typed; every field narrows it. */
export const filterSchema = (nowMs: number) =>
  z.strictObject({
    id: z.string().min(1).optional(),
    tenant: TenantId.optional(),
    type: JobTypeId.optional(),
    class: z.enum(FailureClass.options, `expected one of ${FailureClass.options.join(', ')}`).optional(),
    code: z.string().min(1).optional(),
    since: z
      .string()
      .transform((text) => sinceMs(text, nowMs))
      .refine((atMs) => atMs !== undefined, 'expected 30m, 2h, 7d, 2026-01-31 or 2026-01-31T09:00:00Z')
      .optional(),
  });
/** `since` is epoch ms. */
export type Filter = z.output<ReturnType<typeof filterSchema>>;

export function matches(letter: Letter, { id, since, ...exact }: Filter): boolean {
  const named = id === undefined || id === letter.id || id === letter.messageId;
  const recent = since === undefined || letter.atMs >= since;
  const fields = ['tenant', 'type', 'class', 'code'] as const;
  return (
    named && recent && fields.every((field) => exact[field] === undefined || exact[field] === letter[field])
  );
}

export const GROUPINGS = ['reason', 'code', 'class', 'tenant', 'type'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** How many letters share each value, the most frequent first; letters without the field count under `-`. */
export function countsBy(letters: readonly Letter[], by: Grouping): [value: string, count: number][] {
  const counts = new Map<string, number>();
  for (const letter of letters) {
    const value = letter[by] ?? '-';
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

export type Discarding =
  | { readonly kind: 'discard'; readonly job: JobRecord }
  /** It was discarded before, perhaps by a command that died before it removed the letter. */
  | { readonly kind: 'discarded_before' }
  | { readonly kind: 'refused'; readonly why: string };

/** Intake ignores every copy of a discarded job's letter. */
export function discarding(job: JobRecord, reason: string, nowMs: number): Discarding {
  if (job.redrivenAs !== undefined) {
    const why = `It was redriven as ${job.redrivenAs}; redriving this copy removes it and runs nothing.`;
    return { kind: 'refused', why };
  }
  if (job.state !== 'failed')
    return { kind: 'refused', why: `The job is ${job.state}, and only a failed one can be discarded.` };
  if (job.discarded !== undefined) return { kind: 'discarded_before' };
  return { kind: 'discard', job: changed(job, { discarded: { reason, at: nowMs } }, nowMs) };
}
