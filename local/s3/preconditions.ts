/**
 * Conditional writes, copies and deletes.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 */
import { headerOf, notImplemented, type S3Call, type S3Refusal } from './call.ts';

/** An object, as far as a condition can ask about it. */
export interface Known {
  readonly etag: string;
  readonly lastModified: Date;
}
type Find = (bucket: string, key: string) => Known | undefined;

const failed: S3Refusal = {
  code: 'PreconditionFailed',
  message: 'At least one of the pre-conditions you specified did not hold',
  status: 412,
};
const missing: S3Refusal = { code: 'NoSuchKey', message: 'The specified key does not exist.', status: 404 };

/** @param find what is kept now: nothing may be written between this answer and the call's own work */
export function preconditionRefusal(call: S3Call, find: Find): S3Refusal | undefined {
  if (call.key === '') return undefined;
  const current = find(call.bucket, call.key);
  if (call.method === 'HEAD') return current && headRefusal(call, current);
  if (!replaces(call)) return undefined;
  return sourceRefusal(call, find) ?? targetRefusal(call, current);
}

const unchanged: S3Refusal = { code: 'NotModified', message: 'Not Modified', status: 304 };

/** GetObject is conditional in the store, and HeadObject is not. */
function headRefusal(call: S3Call, current: Known): S3Refusal | undefined {
  const { wanted, unwanted } = holds(current, (name) => headerOf(call, `if-${name}`));
  if (!wanted) return failed;
  return unwanted ? unchanged : undefined;
}

/** Reads are conditional in the store, and so is RenameObject. */
function replaces({ method, query }: S3Call): boolean {
  if (query['renameObject'] !== undefined) return false;
  if (method === 'PUT') return query['uploadId'] === undefined;
  if (method === 'DELETE') return query['uploadId'] === undefined;
  return method === 'POST' && query['uploadId'] !== undefined;
}

function targetRefusal(call: S3Call, current: Known | undefined): S3Refusal | undefined {
  const [match, noneMatch] = [headerOf(call, 'if-match'), headerOf(call, 'if-none-match')];
  if (noneMatch !== undefined) {
    if (call.method === 'DELETE' || noneMatch !== '*') return notImplemented(`If-None-Match: ${noneMatch}`);
    if (current !== undefined) return failed;
  }
  if (match === undefined) return undefined;
  if (current === undefined) return missing;
  return names(match, current) ? undefined : failed;
}

const SOURCE = 'x-amz-copy-source';

/** A source that does not exist is left to the copy itself, which says so. */
function sourceRefusal(call: S3Call, find: Find): S3Refusal | undefined {
  const source = headerOf(call, SOURCE);
  if (source === undefined) return undefined;
  const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.*)$/s.exec(decodeURIComponent(source)) ?? [];
  const current = find(bucket, key);
  if (current === undefined) return undefined;
  const { wanted, unwanted } = holds(current, (name) => headerOf(call, `${SOURCE}-if-${name}`));
  return wanted && !unwanted ? undefined : failed;
}

/** As in HTTP, the condition on the ETag decides when there is one on the date as well. */
function holds(current: Known, asked: (name: string) => string | undefined) {
  const [match, noneMatch] = [asked('match'), asked('none-match')];
  const wanted = match === undefined ? !after(current, asked('unmodified-since')) : names(match, current);
  const unwanted =
    noneMatch === undefined ? after(current, asked('modified-since')) === false : names(noneMatch, current);
  return { wanted, unwanted };
}

function names(condition: string, { etag }: Known): boolean {
  return condition === '*' || condition.replaceAll('"', '') === etag.replaceAll('"', '');
}

/** @returns undefined without a date. HTTP dates have whole seconds. */
function after({ lastModified }: Known, date: string | undefined): boolean | undefined {
  const atMs = Date.parse(date ?? '');
  return Number.isNaN(atMs) ? undefined : Math.floor(lastModified.getTime() / 1000) > atMs / 1000;
}
