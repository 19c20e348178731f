/** A container between its claim and its end: its token, its heartbeats, and its objects. */
import { hash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Progress } from '../domain/job/lifecycle.ts';
import type { Claimed, Heard, Refused } from '../domain/worker/calls.ts';
import { type NamedObject, ObjectName } from '../domain/worker/names.ts';
import type { ScopedCredentials } from '../domain/worker/scoped-credentials.ts';
import type { PacingClock } from '../io/process/clock.ts';
import { errorName, type Log } from '../io/process/log.ts';
import type { WorkerApi } from './api.ts';
import { ObjectMissing, type Transfer } from './transfer.ts';
import type { Work, WorkCredentials } from './work.ts';

export interface SessionPorts {
  readonly api: WorkerApi;
  readonly transfer: Transfer;
  readonly clock: PacingClock;
  readonly log: Log;
}

export interface Session {
  /** Aborted when AWS Batch ends the container, when the end of the job was asked for, and when another container took over. */
  readonly signal: AbortSignal;
  token(): string;
  /** Whether another container does the work by now. */
  isSuperseded(): boolean;
  read(uri: string): Promise<Readable>;
  write: Work['write'];
  readonly credentials: Work['credentials'];
  /** What was written so far. */
  written(): readonly NamedObject[];
  report(progress: Progress): void;
  /** Ends the heartbeats. */
  close(): Promise<void>;
}

const PROGRESS_EVERY_MS = 5000;
/** A URL is good for fifteen minutes. */
const URL_LIFE_MS = 600_000;

type Asked = Partial<Parameters<WorkerApi['heartbeat']>[0]>;

export function openSession(ports: SessionPorts, claimed: Claimed, batchSignal: AbortSignal): Session {
  const { api, transfer, clock, log } = ports;
  const ending = new AbortController();
  const signal = AbortSignal.any([batchSignal, ending.signal]);
  const written = new Map<string, NamedObject>();
  const urls = new Map(Object.entries(claimed.urls ?? {}));
  let signedAtMs = clock.nowMs();
  let { token } = claimed;
  const { credentials: first } = claimed;
  let newest = first;
  let superseded = false;

  async function beat(asked: Asked): Promise<Heard | Refused> {
    const heard = await api.heartbeat({ ...asked, token });
    if (heard.status === 200 && 'cancel' in heard) {
      token = heard.token ?? token;
      newest = heard.credentials ?? newest;
      if (heard.cancel) ending.abort(new Error('The end of the job was asked for'));
    } else if ('code' in heard && heard.code === 'superseded') {
      superseded = true;
      ending.abort(new Error('Another container does the work'));
    }
    return heard;
  }

  const progress = reporting(clock, log, (asked) => beat({ progress: JSON.stringify(asked) }));
  const beats = beating(ports, claimed.heartbeatSeconds, signal, () => beat({}));

  async function urlOf(uri: string): Promise<string> {
    const known = clock.nowMs() - signedAtMs < URL_LIFE_MS ? urls.get(uri) : undefined;
    if (known !== undefined) return known;
    const heard = await beat({ reads: [uri] });
    const url = 'urls' in heard ? heard.urls?.[uri] : undefined;
    if (url === undefined) throw new ObjectMissing('The address is not in the folder of this tenant');
    if (clock.nowMs() - signedAtMs >= URL_LIFE_MS) {
      urls.clear();
      signedAtMs = clock.nowMs();
    }
    urls.set(uri, url);
    return url;
  }

  return {
    signal,
    token: () => token,
    isSuperseded: () => superseded,
    // What is being read ends with the container: a handler that waits for S3 would wait until AWS Batch kills it.
    read: async (uri) => addAbortSignal(signal, await transfer.get(await urlOf(uri), signal)),
    async write(name, content, contentType) {
      if (!ObjectName.safeParse(name).success)
        throw new Error('Expected a name of up to 128 letters, digits, points, dashes and underscores');
      if (written.has(name))
        throw new Error(`The object ${name} is written already, and objects are written once`);
      const object = { name, bytes: Buffer.byteLength(content), sha256: hash('sha256', content) };
      const heard = await beat({ uploads: [{ ...object, contentType }] });
      const [upload] = 'uploads' in heard ? (heard.uploads ?? []) : [];
      if (upload === undefined) throw new Error('worker-api signed no upload');
      await transfer.put(upload, content);
      written.set(name, object);
      return { uri: upload.uri, bytes: object.bytes };
    },
    written: () => [...written.values()],
    credentials: first && (async () => forSdk(newest ?? first)),
    report: progress.report,
    async close() {
      ending.abort(new Error('The work is over'));
      await Promise.all([beats, progress.flushed()]);
    },
  };
}

function forSdk({ expiresAt, ...credentials }: ScopedCredentials): WorkCredentials {
  return { ...credentials, expiration: new Date(expiresAt) };
}

/** Until the signal: what a heartbeat brings is heard; one that fails is followed by the next. */
async function beating(
  { clock, log }: Pick<SessionPorts, 'clock' | 'log'>,
  seconds: number,
  signal: AbortSignal,
  beat: () => Promise<unknown>,
): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  while (!signal.aborted) {
    await Promise.race([clock.waitUntil(clock.nowMs() + seconds * 1000), ended]);
    if (signal.aborted) return;
    await beat().catch((error: unknown) => log.info('worker:heartbeat:failed', { why: errorName(error) }));
  }
}

/** In the background and rarely: each report is a write of the record. Those between are dropped: the next one says more. */
function reporting(clock: PacingClock, log: Log, send: (progress: Progress) => Promise<unknown>) {
  let sentAtMs = clock.nowMs();
  let underWay: Promise<void> | undefined;
  return {
    report(progress: Progress): void {
      if (underWay !== undefined || clock.nowMs() - sentAtMs < PROGRESS_EVERY_MS) return;
      sentAtMs = clock.nowMs();
      underWay = send(progress)
        // A lost report does no harm; failing the work for it would.
        .then(
          () => undefined,
          (error: unknown) => log.info('progress:write:failed', { why: errorName(error) }),
        )
        .finally(() => {
          underWay = undefined;
        });
    },
    flushed: async () => underWay,
  };
}
