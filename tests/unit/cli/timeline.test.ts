/** The page of one job, as it is on a screen of 80 and of 200 columns. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { writeJob } from '../../../cli/job/job-text.ts';
import { type Timeline, writeTimeline } from '../../../cli/job/timeline-text.ts';
import { output, type Page } from '../../../cli/program/output.ts';
import { duration } from '../../../cli/program/time.ts';
import type { JobChange } from '../../../domain/job/job.ts';
import { viewOf } from '../../../domain/reading/job-view.ts';
import { type DeliveredEvent, timelineOf } from '../../../domain/reading/timeline.ts';
import { aJob, NOW } from '../../support/jobs.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const outOfMemory = {
  class: 'out_of_memory',
  code: 'out_of_memory',
  message: '',
  exitCode: 137,
  reason: 'OutOfMemoryError: Container killed due to memory usage',
  logStream: 'headgate_dev/default/0b1f7a6c9d3e4f58a7b2c1d0e9f8a7b6',
} as const;

function timeline(
  change: JobChange,
  deliveries: readonly DeliveredEvent[] = [],
  rest: Partial<Timeline> = {},
): Timeline {
  const job = aJob({ jobType: 'csv.summarise', idempotencyKey: 'report-42', createdAt: NOW, ...change });
  const entries = timelineOf(job, deliveries, 'operator');
  return { job, entries, wait: 'it does not wait', nowMs: NOW + 10 * MINUTE_MS, ...rest };
}

const screens: Readonly<Record<string, Timeline>> = {
  'succeeded-at-the-second-attempt': timeline(
    {
      state: 'succeeded',
      priority: 'high',
      tags: { team: 'blue' },
      attempt: 2,
      eligibleAt: NOW + 2 * SECOND_MS,
      startedAt: NOW + 95 * SECOND_MS,
      stateAt: NOW + 2 * MINUTE_MS,
      finishedAt: NOW + 2 * MINUTE_MS,
      progress: { done: 5000, total: 10_000, at: NOW + 100 * SECOND_MS },
      endedAttempts: [
        { attempt: 1, startedAt: NOW + 4100, endedAt: NOW + 66 * SECOND_MS, failure: outOfMemory },
        { attempt: 2, startedAt: NOW + 95 * SECOND_MS, endedAt: NOW + 2 * MINUTE_MS },
      ],
    },
    [
      {
        endpointId: 'whe_7c1d2e3f4a5b6c7d',
        eventType: 'job.succeeded',
        status: 'delivered',
        tries: 2,
        eventAtMs: NOW + 2 * MINUTE_MS,
        lastTryAtMs: NOW + 2 * MINUTE_MS + 5400,
        answer: 'http_204',
      },
    ],
  ),
  'waits-for-a-slot': timeline({ state: 'waiting', stateAt: NOW + 100 }, [], {
    wait: 'tenant cap 3 of 3; second in line',
  }),
  'will-not-run-before-tomorrow': timeline(
    { state: 'scheduled', eligibleAt: NOW + 24 * 60 * MINUTE_MS },
    [],
    {
      wait: 'not to run before 2026-01-06T09:00:00.000Z',
    },
  ),
  'runs-now': timeline({ state: 'running', startedAt: NOW + 3000, stateAt: NOW + 3000 }),
  'a-hostile-tenant': timeline({
    state: 'failed',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is for a shell
    idempotencyKey: "$(touch${IFS}/tmp/x)';--",
    tags: { '\u001b]0;owned\u0007': '\u009b2J\u202e' },
    stateAt: NOW + MINUTE_MS,
    finishedAt: NOW + MINUTE_MS,
    failure: {
      ...outOfMemory,
      code: 'app_error',
      class: 'app_error',
      reason: `\u001b[31m${'long '.repeat(40)}`,
    },
    endedAttempts: [],
  }),
};

function onScreen(width: number, write: (page: Page) => void): string {
  let text = '';
  const streams = {
    out: (part: string) => {
      text += part;
    },
    err: () => undefined,
    width,
    colour: false,
  };
  output(streams, false).show([], write);
  return text;
}

/** `GOLDEN=write npm run jest -- tests/unit/cli/timeline` writes the files anew; the difference is for a person to read. */
function golden(name: string, text: string): void {
  const file = join(import.meta.dirname, 'screens', `${name}.txt`);
  if (process.env['GOLDEN'] === 'write') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe.each([80, 200])('on a screen of %d columns', (width) => {
  test.each(Object.entries(screens))('the timeline of a job that %s', (name, shown) => {
    const text = onScreen(width, (page) => writeTimeline(page, shown));
    golden(`${name}-${width}`, text);
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    // Only a word that cannot be broken is longer than its line.
    for (const line of text.split('\n'))
      expect(line.length <= width || !line.slice(width).includes(' ')).toBe(true);
  });

  test('a job with all its fields', () => {
    const { metadata: _, dependsOn: __, ...job } = screens['succeeded-at-the-second-attempt']?.job ?? aJob();
    const view = viewOf({ ...job, input: { csv: 's3://b/k' }, result: { inline: { rows: 3 } } }, 'operator');
    golden(
      `job-${width}`,
      onScreen(width, (page) => writeJob(page, view)),
    );
  });
});

test.each([
  [0, '0.0 s'],
  [59_900, '59.9 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [356_400_000, '4 d 3 h'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
