/** An API that answers the client as scripted. */
import { headgate } from '../../client/index.ts';

export const URL_OF_API = 'https://api.test';
export const JOB = { id: 'job_1', state: 'running', version: 3, attempts: [] };

type Scripted = Response | Error | ((request: Request) => Response);

/** An API that gives these answers in turn, and a clock that stands still but for sleeps. */
export function scripted(...answers: readonly Scripted[]) {
  const requests: { method: string; url: string; headers: Headers; body: string }[] = [];
  const slept: number[] = [];
  let nowMs = Date.UTC(2026, 0, 5, 9);
  let next = 0;
  const answer: typeof fetch = async (target, init) => {
    const request = new Request(target as URL, { ...init, signal: null });
    requests.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: await request.clone().text(),
    });
    init?.signal?.throwIfAborted();
    const scriptedAnswer = answers[Math.min(next++, answers.length - 1)] ?? new Error('nothing is scripted');
    if (scriptedAnswer instanceof Error) throw scriptedAnswer;
    return typeof scriptedAnswer === 'function' ? scriptedAnswer(request) : scriptedAnswer.clone();
  };
  const clock = {
    nowMs: () => nowMs,
    random: () => 1,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
    },
  };
  return { fetch: answer, clock, requests, slept };
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });
export const problem = (
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
) =>
  json(
    status,
    { code, detail: `${code} it is`, instance: 'req_1', retryable: status >= 500, errors: [], ...more },
    headers,
  );
export const unchanged = () => new Response(null, { status: 304 });
export const lost = () => new TypeError('fetch failed');
export const client = (api: ReturnType<typeof scripted>) =>
  headgate({ url: URL_OF_API, token: 'a.b.c', fetch: api.fetch, clock: api.clock });
export const request = { input: { csv: 's3://b/k' }, idempotencyKey: 'report-42' };
