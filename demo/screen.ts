/** The terminal output: one aligned line for each event. Ids are whole, because the commands take no other. */
import type { LifecycleEvent } from '../domain/webhook/notification.ts';

export interface Screen {
  text(line?: string): void;
  line(tenantId: string, what: string, happened: string, detail?: string): void;
}

export function screen(write: (text: string) => void): Screen {
  return {
    text: (line = '') => write(`  ${line}`.trimEnd().concat('\n')),
    line(tenantId, what, happened, detail = '') {
      const time = new Date().toTimeString().slice(0, 8);
      const ms = String(new Date().getMilliseconds()).padStart(3, '0');
      write(
        `  ${time}.${ms}  ${tenantId.padEnd(8)} ${what.padEnd(30)} ${happened.padEnd(11)} ${detail}`
          .trimEnd()
          .concat('\n'),
      );
    },
  };
}

export function describe({ type, data }: LifecycleEvent): string {
  switch (type) {
    case 'job.accepted':
      return `${data.jobType}, key=${data.idempotencyKey}`;
    case 'job.submitted':
      return `attempt ${data.attempt}, batch job ${data.runId ?? ''}`;
    case 'job.starting':
    case 'job.running':
      return `attempt ${data.attempt}`;
    case 'job.succeeded':
      return [elapsed(data.createdAt, data.finishedAt), summary(data.result)].filter(Boolean).join(', ');
    case 'job.failed':
      return described(data.failure);
    case 'job.retrying':
      return `${described(data.failure)}, again at ${data.nextAttemptAt?.slice(11, 19) ?? ''}`;
    case 'job.expired':
      return 'it found no machine within its ttlSeconds';
    default:
      return '';
  }
}

function elapsed(from: string, to: string | undefined): string {
  return to === undefined ? '' : `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;
}

function summary(result: unknown): string {
  const inline = isObject(result) && isObject(result['inline']) ? result['inline'] : {};
  if (typeof inline['rows'] === 'number')
    return `${inline['rows']} rows, ${String(inline['columns'])} columns`;
  return Array.isArray(inline['thumbnails']) ? `${inline['thumbnails'].length} thumbnails` : '';
}

function described(failure: unknown): string {
  if (!isObject(failure)) return '';
  return `${String(failure['class'])}: ${String(failure['code'])}. ${String(failure['message'] ?? '')}`.trimEnd();
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
