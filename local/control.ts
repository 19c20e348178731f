/**
 * What a developer asks of a cloud that runs, and no AWS knows: the time. The requests are not signed, and need a header
 * that a page in a browser may send to another address only with a permission that this cloud never gives.
 */
import * as z from 'zod';
import { ApiError } from './aws.ts';
import type { Clock } from './clock.ts';

/** No bucket begins so, hence no path of S3. */
export const CONTROL_PATH = '/_cloud/';
const CLOCK_PATH = `${CONTROL_PATH}clock`;
const HEADER = 'x-cloud-control';

const Turn = z.strictObject({ advanceMs: z.int().nonnegative() });
const Time = z.object({ nowMs: z.number(), aheadMs: z.number() });
/** `nowMs` in epoch milliseconds, and how far that is ahead of the time of the machine. */
export type Time = z.infer<typeof Time>;

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface Control {
  /** @throws ApiError for what is not there, or is not to be */
  handle(request: ControlRequest): Time;
}

export function createControl(clock: Pick<Clock, 'now' | 'advance' | 'offsetMs'>): Control {
  return {
    handle({ method, path, headers, body }) {
      if (headers[HEADER] === undefined) throw new ApiError('Forbidden', `Expected a header ${HEADER}.`, 403);
      if (path !== CLOCK_PATH) throw new ApiError('NotFound', `There is ${CLOCK_PATH}, and no ${path}.`, 404);
      if (method === 'POST') clock.advance(turnOf(body));
      else if (method !== 'GET')
        throw new ApiError('MethodNotAllowed', `Expected GET or POST, found ${method}.`, 405);
      return { nowMs: clock.now(), aheadMs: clock.offsetMs() };
    },
  };
}

function turnOf(body: string): number {
  try {
    return Turn.parse(JSON.parse(body)).advanceMs;
  } catch {
    throw new ApiError(
      'BadRequest',
      'Expected {"advanceMs": N} with whole milliseconds: time goes forward.',
      400,
    );
  }
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @example 90s, 2h, 1h30m, 7d. @returns milliseconds, or undefined for anything else */
export function readDuration(text: string): number | undefined {
  if (!/^(\d{1,6}[smhd])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS_MS[unit] ?? 0), 0);
}

/** @param endpoint of a cloud of this machine. @throws Error when it does not answer, or is none of these clouds */
export async function timeOf(endpoint: string): Promise<Time> {
  return ask(endpoint, { method: 'GET' });
}

/** Moves the clock of a cloud, and of everything in it, forward. */
export async function advanceClock(endpoint: string, advanceMs: number): Promise<Time> {
  return ask(endpoint, { method: 'POST', body: JSON.stringify({ advanceMs }) });
}

async function ask(endpoint: string, request: RequestInit): Promise<Time> {
  const answer = await fetch(new URL(CLOCK_PATH, endpoint), { ...request, headers: { [HEADER]: '1' } });
  if (!answer.ok) throw new Error(`${endpoint} has no clock that can be moved: status ${answer.status}.`);
  return Time.parse(await answer.json());
}
