/**
 * What a developer asks of a cloud that runs, and no AWS knows: the time, what is to go wrong, and what its alarms say. The requests
 * are not signed, and need a header that a page in a browser may send to another address only with a permission that this cloud never
 * gives.
 */
import * as z from 'zod';
import { ApiError } from './aws.ts';
import type { Clock } from './clock.ts';
import { FaultName, type Faults, Switches } from './faults.ts';
import type { Metrics } from './metrics/metrics.ts';

/** No bucket begins so, hence no path of S3. */
export const CONTROL_PATH = '/_cloud/';
const HEADER = 'x-cloud-control';

const Turn = z.strictObject({ advanceMs: z.int().nonnegative() });
const Time = z.object({ nowMs: z.number(), aheadMs: z.number() });
/** `nowMs` in epoch milliseconds, and how far that is ahead of the time of the machine. */
export type Time = z.infer<typeof Time>;
const Changes = z.partialRecord(FaultName, z.boolean());

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface Control {
  /** @throws ApiError for what is not there, or is not to be */
  handle(request: ControlRequest): unknown;
}

export interface Controlled {
  readonly clock: Pick<Clock, 'now' | 'advance' | 'offsetMs'>;
  readonly faults: Faults;
  readonly metrics: Pick<Metrics, 'alarms' | 'numbers'>;
}

interface Door {
  get(since: number): unknown;
  /** Absent: there is nothing to turn. */
  post?(body: unknown): void;
}

export function createControl({ clock, faults, metrics }: Controlled): Control {
  const doors: Readonly<Record<string, Door>> = {
    clock: {
      get: () => ({ nowMs: clock.now(), aheadMs: clock.offsetMs() }),
      post: (body) => clock.advance(read(Turn, body, TURN).advanceMs),
    },
    faults: { get: faults.switches, post: (body) => faults.turn(read(Changes, body, CHANGES)) },
    alarms: { get: metrics.alarms },
    metrics: { get: metrics.numbers },
  };
  return {
    handle({ method, path, headers, body }) {
      if (headers[HEADER] === undefined) throw new ApiError('Forbidden', `Expected a header ${HEADER}.`, 403);
      const { pathname, searchParams } = new URL(path, 'http://localhost');
      const name = pathname.slice(CONTROL_PATH.length);
      const door = Object.hasOwn(doors, name) ? doors[name] : undefined;
      if (door === undefined) {
        const known = Object.keys(doors).map((each) => `${CONTROL_PATH}${each}`);
        throw new ApiError('NotFound', `There are ${known.join(', ')}, and no ${pathname}.`, 404);
      }
      if (method === 'POST' && door.post) door.post(jsonOf(body));
      else if (method !== 'GET')
        throw new ApiError(
          'MethodNotAllowed',
          `Expected ${door.post ? 'GET or POST' : 'GET'}, found ${method}.`,
          405,
        );
      return door.get(Number(searchParams.get('sinceMs') ?? 0) || 0);
    },
  };
}

const TURN = 'Expected {"advanceMs": N} with whole milliseconds: time goes forward.';
const CHANGES = `Expected an object such as {"drop-events": true}, with one or more of ${FaultName.options.join(', ')}.`;

function read<Schema extends z.ZodType>(schema: Schema, body: unknown, expected: string): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ApiError('BadRequest', expected, 400);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
  return Time.parse(await ask(endpoint, 'clock'));
}

/** Moves the clock of a cloud, and of everything in it, forward. */
export async function advanceClock(endpoint: string, advanceMs: number): Promise<Time> {
  return Time.parse(await ask(endpoint, 'clock', { advanceMs }));
}

/** Turns what is to go wrong on and off. @returns all switches */
export async function turnFaults(endpoint: string, changes: Partial<Switches>): Promise<Switches> {
  return Switches.parse(await ask(endpoint, 'faults', changes));
}

const Alarms = z.array(
  z.object({
    name: z.string(),
    description: z.string(),
    state: z.enum(['OK', 'ALARM']),
    value: z.number().optional(),
    rang: z.boolean(),
  }),
);

/** The alarms of the template over what has been counted, and whether each has rung since then. */
export async function alarmsOf(endpoint: string, sinceMs: number): Promise<z.infer<typeof Alarms>> {
  return Alarms.parse(await ask(endpoint, `alarms?sinceMs=${sinceMs}`));
}

const Numbers = z.array(
  z.object({
    namespace: z.string(),
    name: z.string(),
    dimensions: z.record(z.string(), z.string()),
    count: z.number(),
    sum: z.number(),
    min: z.number(),
    max: z.number(),
  }),
);

export async function numbersOf(endpoint: string, sinceMs: number): Promise<z.infer<typeof Numbers>> {
  return Numbers.parse(await ask(endpoint, `metrics?sinceMs=${sinceMs}`));
}

async function ask(endpoint: string, path: string, body?: object): Promise<unknown> {
  const url = new URL(`${CONTROL_PATH}${path}`, endpoint);
  const sent = body === undefined ? { method: 'GET' } : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(url, { ...sent, headers: { [HEADER]: '1' } });
  if (!answer.ok)
    throw new Error(
      `${endpoint} has no ${REFUSED[path.split('?')[0] ?? ''] ?? path}: status ${answer.status}.`,
    );
  return answer.json();
}

const REFUSED: Readonly<Record<string, string>> = { clock: 'clock that can be moved' };
