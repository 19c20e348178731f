import { describe, expect, test } from '@jest/globals';
import { advance } from '../../../../domain/job/advance.ts';
import { type JobRecord, JobState } from '../../../../domain/job/job.ts';
import { lifecycle, type Observation, type ObservationKind } from '../../../../domain/job/lifecycle.ts';
import { context, FIRST, jobIn, NOW } from '../../../support/jobs.ts';

const seen = { runId: FIRST, order: { tries: 1, rank: 9 } };
const ended = { startedAt: NOW + 100, endedAt: NOW + 500 };
const failure = { class: 'app_error', code: 'exit_code', message: 'It ended badly.' } as const;

/** One observation of each kind; the ends of an attempt come with and without what makes them good. */
const observations = {
  due: { kind: 'due' },
  linked: { kind: 'linked' },
  released: { kind: 'released' },
  released_early: { kind: 'released_early' },
  unmet: { kind: 'unmet', failure },
  unneeded: { kind: 'unneeded', failure },
  held: { kind: 'held', why: 'tenant_cap' },
  call: { kind: 'call', deadlineAt: NOW + 20_000, hasSlot: true },
  accepted: { kind: 'accepted', ...seen },
  not_accepted: { kind: 'not_accepted', why: 'throttled' },
  refused: { kind: 'refused', failure },
  queued: { kind: 'queued', ...seen },
  starting: { kind: 'starting', ...seen },
  running: { kind: 'running', ...seen },
  overtaken_start: { kind: 'overtaken_start', startingAt: NOW },
  unclear: { kind: 'unclear', batchStatus: 'PAUSED' },
  stuck: { kind: 'stuck', reason: 'no_capacity', said: 'no machine' },
  unavailable: { kind: 'unavailable', reason: 'The queue is disabled.', nextAttemptAt: NOW + 30_000 },
  absent: { kind: 'absent' },
  lost: { kind: 'lost' },
  claimed: { kind: 'claimed', ...seen, try: 2, nonce: 'nonce' },
  committed: { kind: 'committed', result: { inline: { pages: 3 } } },
  progressed: { kind: 'progressed', progress: { done: 1 } },
  reported_failure: { kind: 'reported_failure', reportedFailure: { code: 'try_later', message: 'Not now.' } },
  'ended well': { kind: 'ended_well', ...seen, ended },
  'ended well, result': { kind: 'ended_well', ...seen, ended },
  'ended badly': { kind: 'ended_badly', ...seen, ended, failure, retryable: true },
  'ended badly for good': { kind: 'ended_badly', ...seen, ended, failure, retryable: false },
  cancel: { kind: 'cancel' },
  expire: { kind: 'expire' },
  deadline: { kind: 'deadline' },
} as const satisfies Record<string, Observation>;
type Name = keyof typeof observations;

/**
 * What is expected, observation by state: the state after it, `same` when only fields are written, `·` when nothing is.
 * A final state is not listed: nothing leaves it.
 */
const expectations = `
                     | scheduled | blocked   | waiting    | submitting | submitted  | starting   | running    | retrying  | cancelling
due                  | waiting   | ·         | ·          | ·          | ·          | ·          | ·          | waiting   | ·
linked               | ·         | same      | ·          | ·          | ·          | ·          | ·          | ·         | ·
released             | ·         | waiting   | ·          | ·          | ·          | ·          | ·          | ·         | ·
released_early       | ·         | scheduled | ·          | ·          | ·          | ·          | ·          | ·         | ·
unmet                | ·         | failed    | ·          | ·          | ·          | ·          | ·          | ·         | ·
unneeded             | ·         | cancelled | ·          | ·          | ·          | ·          | ·          | ·         | ·
held                 | waiting   | ·         | same       | ·          | ·          | ·          | ·          | waiting   | ·
call                 | submitting | ·         | submitting | same       | ·          | ·          | ·          | submitting | ·
accepted             | ·         | ·         | ·          | submitted  | ·          | ·          | ·          | ·         | same
not_accepted         | ·         | ·         | ·          | same       | ·          | ·          | ·          | ·         | cancelled
refused              | failed    | failed    | failed     | failed     | ·          | ·          | ·          | failed    | cancelled
unavailable          | ·         | ·         | same       | waiting    | ·          | ·          | ·          | ·         | cancelled
queued               | ·         | ·         | ·          | submitted  | same       | submitted  | submitted  | ·         | same
starting             | ·         | ·         | ·          | starting   | starting   | same       | starting   | ·         | same
running              | ·         | ·         | ·          | running    | running    | running    | same       | ·         | same
overtaken_start      | ·         | ·         | ·          | same       | same       | same       | same       | ·         | same
unclear              | ·         | ·         | ·          | same       | same       | same       | same       | ·         | same
stuck                | ·         | ·         | ·          | ·          | same       | same       | ·          | ·         | ·
absent               | ·         | ·         | ·          | same       | same       | same       | same       | ·         | same
lost                 | ·         | ·         | ·          | retrying   | retrying   | retrying   | retrying   | ·         | cancelled
claimed              | ·         | ·         | ·          | running    | running    | running    | same       | ·         | ·
committed            | ·         | ·         | ·          | same       | same       | same       | same       | ·         | same
progressed           | ·         | ·         | ·          | same       | same       | same       | same       | ·         | same
reported_failure           | ·         | ·         | ·          | same       | same       | same       | same       | ·         | same
ended well           | ·         | ·         | ·          | retrying   | retrying   | retrying   | retrying   | ·         | cancelled
ended well, result   | ·         | ·         | ·          | succeeded  | succeeded  | succeeded  | succeeded  | ·         | succeeded
ended badly          | ·         | ·         | ·          | retrying   | retrying   | retrying   | retrying   | ·         | cancelled
ended badly for good | ·         | ·         | ·          | failed     | failed     | failed     | failed     | ·         | cancelled
cancel               | cancelled | cancelled | cancelled  | cancelling | cancelling | cancelling | cancelling | cancelled | ·
expire               | expired   | ·         | expired    | cancelling | cancelling | ·          | ·          | ·         | ·
deadline             | failed    | failed    | failed     | cancelling | cancelling | cancelling | cancelling | failed    | ·
`;

const FINAL = ['succeeded', 'failed', 'cancelled', 'expired'] as const;
const names = Object.keys(observations) as Name[]; // the literal's own keys

function cells(): [JobState, Name, string][] {
  const [head = [], ...rows] = expectations
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const states = head.filter((cell) => cell !== '').map((cell) => JobState.parse(cell));
  const listed = rows.flatMap(([name = '', ...row]) =>
    states.map((state, i): [JobState, Name, string] => [state, nameOf(name), row[i] ?? '']),
  );
  const final = FINAL.flatMap((state) => names.map((name): [JobState, Name, string] => [state, name, '·']));
  return [...listed, ...final];
}

function nameOf(text: string): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new Error(`no observation is called ${text}`);
  return name;
}

/** A record in the state; for the end that has one, the result its own container committed. */
function jobFor(state: JobState, name: Name): JobRecord {
  if (name !== 'ended well, result' || FINAL.some((final) => final === state)) return jobIn(state);
  return jobIn(state, { claim: { runId: FIRST, try: 1 }, result: { inline: 1 } });
}

describe('every observation in every state', () => {
  const rows = cells();

  test.each(rows)('%s, %s: %s', (state, name, expected) => {
    const job = jobFor(state, name);
    const next = advance(job, observations[name], context);
    if (expected === '·') {
      expect(next).toBeUndefined();
      return;
    }
    expect(next?.state).toBe(expected === 'same' ? state : expected);
    expect(next?.version).toBe(job.version + 1);
  });

  test('is a row of this table, and no state or observation is missing from it', () => {
    const kinds = new Set<ObservationKind>(names.map((name) => observations[name].kind));
    expect(kinds).toEqual(new Set(Object.keys(lifecycle.waiting)));
    expect(new Set(rows.map(([state]) => state))).toEqual(new Set(JobState.options));
    expect(rows).toHaveLength(JobState.options.length * names.length);
  });
});
