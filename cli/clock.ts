/** `headgate clock`: the time of a laptop, for what happens after hours or days. */
import * as z from 'zod';
import { advanceClock, readDuration, type Time, timeOf } from '../local/control.ts';
import type { Output } from './program/output.ts';
import { Stopped } from './program/stopped.ts';
import { second } from './program/time.ts';
import { type Context, type Ending, type Noun, verb } from './program/verb.ts';
import { placeOf, placeOptions } from './stack/place.ts';

const { 'endpoint-url': endpointUrl, local } = placeOptions;
/** `--local` is taken because all other commands take it; a clock is always that of a laptop. */
const where = { local, 'endpoint-url': endpointUrl };

const EXPECTED = 'expected a time such as 90s, 30m, 2h, 1h30m or 7d';
const duration = z
  .string({ error: EXPECTED })
  .transform(readDuration)
  .refine((ms) => ms !== undefined, EXPECTED)
  .transform(Number); // it is one, as was just looked at

const show = verb({
  summary: 'what time it is there',
  options: where,
  run: async (values, context) => {
    const endpoint = await endpointOf(values['endpoint-url'], context);
    return tell(await answered(endpoint, timeOf(endpoint)), context.output);
  },
});

const advance = verb({
  summary: 'move the time forward',
  argument: 'TIME',
  options: { id: { effect: '', schema: duration }, ...where },
  details: `TIME is 90s, 30m, 2h, 1h30m or 7d. What is due by then happens now: retries, delayed jobs, deadlines, deliveries of
webhooks, cron schedules, expiries of objects in tables. Schedules that would have run many times run once. It never goes back.`,
  run: async (values, context) => {
    const endpoint = await endpointOf(values['endpoint-url'], context);
    return tell(await answered(endpoint, advanceClock(endpoint, values.id)), context.output);
  },
});

/** Of the only laptop that runs here, unless one is named. */
async function endpointOf(named: string | undefined, context: Context): Promise<string> {
  if (named !== undefined) return named;
  const nowhere = { table: undefined, profile: undefined, region: undefined, 'endpoint-url': undefined };
  const { config } = await placeOf({ ...nowhere, local: true, stage: 'dev' }, context);
  return config.endpoint ?? '';
}

async function answered(endpoint: string, asked: Promise<Time>): Promise<Time> {
  try {
    return await asked;
  } catch {
    throw new Stopped(
      'unreachable',
      `There is no stack of npm start at ${endpoint}; only those have a clock.`,
    );
  }
}

function tell({ nowMs, aheadMs }: Time, output: Output): Ending {
  output.show([{ now: new Date(nowMs).toISOString(), aheadSeconds: aheadMs / 1000 }], (page) =>
    page.line(`${second(nowMs)}, ${aheadText(aheadMs)}`),
  );
  return 'done';
}

function aheadText(aheadMs: number): string {
  const minutes = Math.round(aheadMs / 60_000);
  if (aheadMs < 60_000)
    return aheadMs === 0 ? 'as on this machine' : `${aheadMs / 1000} s ahead of this machine`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min ahead of this machine`;
}

export const noun: Noun = { summary: 'the time of the stack of npm start', verbs: { show, advance } };
