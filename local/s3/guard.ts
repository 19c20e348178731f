/**
 * What comes before fauxqs's S3 routes: bodies of any size and type are taken, and what those routes would ignore is
 * refused or done here.
 */
import type { buildApp } from 'fauxqs';
import * as z from 'zod';
import type { S3Store } from '../../node_modules/fauxqs/dist/s3/s3Store.js';
import { assumedRole } from '../sts.ts';
import type { S3Call, S3Refusal } from './call.ts';
import { checksumRefusal } from './checksums.ts';
import { featureRefusal, RESPONSE_HEADERS } from './features.ts';
import { limitRefusal } from './limits.ts';
import { isListing, listing } from './listing.ts';
import { preconditionRefusal } from './preconditions.ts';
import { versionsAnswer } from './versions.ts';

type App = ReturnType<typeof buildApp>;
interface Reply {
  code(status: number): { type(contentType: string): { send(body: string): unknown } };
}

const part = (path: string) => import(new URL(path, import.meta.resolve('fauxqs')).href);
const { S3Error }: typeof import('../../node_modules/fauxqs/dist/common/errors.js') =
  await part('./common/errors.js');
const { decodeAwsChunked }: typeof import('../../node_modules/fauxqs/dist/s3/chunkedEncoding.js') =
  await part('./s3/chunkedEncoding.js');

/** Of one PutObject. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

const Route = z.object({ bucket: z.string(), '*': z.string().default('') });
const Query = z.record(z.string(), z.string());

/** Call before the app is ready: a hook that is added later is not run. */
export function guard(app: App, store: S3Store): void {
  takeAnyBody(app);
  app.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
    if (error.statusCode !== 413) throw error;
    const message = `Your proposed upload exceeds the maximum allowed size of ${MAX_OBJECT_BYTES} bytes.`;
    refuse(reply, { code: 'EntityTooLarge', message, status: 400 });
  });
  // Without a promise between this answer and the route's own work: no other call comes between the two.
  app.addHook('preHandler', (request, reply, done) => {
    const assumed = request.url === '/' ? assumedRole(request.body, Date.now()) : undefined;
    if (assumed !== undefined) {
      reply.code(assumed.status).type('text/xml').send(assumed.xml);
      return;
    }
    const route = Route.safeParse(request.params);
    if (!route.success) return done();
    const query = Query.catch({}).parse(request.query);
    for (const [name, value] of Object.entries(query)) hoist(request.headers, name, value);
    dropUnfitRange(request.headers);
    const framing = unframe(request);
    const call: S3Call = {
      method: request.method,
      bucket: route.data.bucket,
      key: route.data['*'],
      query,
      headers: request.headers,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    };
    const refusal = framing ?? refusalOf(call, store);
    if (refusal !== undefined) return refuse(reply, refusal);
    const listed = isListing(call) ? store['buckets'].get(call.bucket) : undefined;
    const answer = listed === undefined ? versionsAnswer(call, store) : listing(call, listed.values());
    if (answer === undefined) done();
    else reply.code(200).type('application/xml').send(answer);
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    const query = Query.catch({}).parse(request.query);
    if (request.method === 'GET' && reply.statusCode < 300) {
      for (const name of RESPONSE_HEADERS) {
        const wanted = query[`response-${name}`];
        if (wanted !== undefined) reply.header(name, wanted);
      }
    }
    done();
  });
}

function refuse(reply: Reply, { code, message, status }: S3Refusal): void {
  reply
    .code(status)
    .type('application/xml')
    .send(new S3Error(code, message, status).toXml());
}

function takeAnyBody(app: App): void {
  app.removeAllContentTypeParsers();
  // Whatever a program calls its object, its bytes are kept: fauxqs would parse forms and JSON.
  const options = { parseAs: 'buffer', bodyLimit: MAX_OBJECT_BYTES } as const;
  app.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
  app.addHook('preValidation', (request, _reply, done) => {
    // Fastify has no body for a request without bytes; the store's routes read one.
    if (request.method === 'PUT' || request.method === 'POST') request.body ??= Buffer.alloc(0);
    // The one route that is not S3: STS reads a form.
    if (request.url === '/' && Buffer.isBuffer(request.body))
      request.body = Object.fromEntries(new URLSearchParams(request.body.toString()));
    done();
  });
}

/** A presigned URL carries headers in its query. */
function hoist(headers: Record<string, unknown>, name: string, value: string): void {
  if (/^x-amz-/i.test(name)) headers[name.toLowerCase()] ??= value;
}

/**
 * A range that is none, or several at once, is not there for S3: the whole object is the answer.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
function dropUnfitRange(headers: S3Call['headers']): void {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const isRange = first === '' ? last !== '' : last === '' || Number(first) <= Number(last);
  if (!isRange) delete headers.range;
}

/** Replaces a body in `aws-chunked` by its content; the trailer joins the headers. */
function unframe(request: { body: unknown; readonly headers: S3Call['headers'] }): S3Refusal | undefined {
  const encodings = request.headers['content-encoding']?.split(',').map((name) => name.trim()) ?? [];
  if (!encodings.includes('aws-chunked') || !Buffer.isBuffer(request.body)) return undefined;
  const { body, trailers } = decodeAwsChunked(request.body);
  const announced = request.headers['x-amz-decoded-content-length'];
  if (announced !== undefined && Number(announced) !== body.length) {
    const message = `You did not provide the number of bytes specified: expected ${announced}, found ${body.length}.`;
    return { code: 'IncompleteBody', message, status: 400 };
  }
  request.body = body;
  Object.assign(request.headers, trailers);
  const others = encodings.filter((name) => name !== 'aws-chunked');
  if (others.length > 0) request.headers['content-encoding'] = others.join(',');
  else delete request.headers['content-encoding'];
  return undefined;
}

function refusalOf(call: S3Call, store: S3Store): S3Refusal | undefined {
  return (
    featureRefusal(call) ??
    limitRefusal(call) ??
    checksumRefusal(call) ??
    preconditionRefusal(call, (bucket, key) => store['buckets'].get(bucket)?.get(key))
  );
}
