/** What each switch is played with: jobs, the number that counts it, what `why` says meanwhile, and the alarm that rings. */
import type { FaultName } from '../../local/faults.ts';

/** On what, and how long in real time, its jobs run. */
export interface RunsFor {
  /** On Spot: only such a job may be taken away by it. */
  readonly onSpot?: true;
  readonly seconds?: number;
  /** How much longer each job runs than the one before. */
  readonly secondsApart?: number;
}

export interface Scenario extends RunsFor {
  readonly fault: FaultName;
  readonly jobs: number;
  readonly metric: { readonly name: string; readonly by?: Readonly<Record<string, string>> };
  readonly alarm: string;
  /** Said of one of its jobs at some moment. */
  readonly why: RegExp;
  /** How far the clock goes forward with each look: as far as what repairs it waits. */
  readonly stepMs: number;
  /** At which attempt a job may end. */
  readonly attempts: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const scenarios: readonly Scenario[] = [
  {
    fault: 'duplicate-events',
    jobs: 3,
    metric: { name: 'EventsRepeated' },
    alarm: 'events-repeated',
    // A repeat is no end of its own: there is one attempt, and it ended once.
    why: /^it does not wait; attempt 1 ended well$/,
    stepMs: 0,
    attempts: 1,
  },
  {
    fault: 'drop-events',
    jobs: 3,
    metric: { name: 'Repairs', by: { kind: 'lost_event' } },
    alarm: 'events-lost',
    why: /has not said that it began: .* its event is late; it is asked after/,
    stepMs: 5 * MINUTE,
    attempts: 1,
  },
  {
    fault: 'delay-events',
    jobs: 6,
    // They are to run when reconcile first looks at them, 70 seconds of the clock after they came: it would tell of an end before its event.
    seconds: 10,
    // Then it looks every ten minutes, and most ends are to be further than two minutes from the look after them.
    secondsApart: 1,
    metric: { name: 'EventDelaySeconds' },
    alarm: 'events-late',
    why: /has not said that it began: .* its event is late; it is asked after/,
    stepMs: 90 * SECOND,
    attempts: 1,
  },
  {
    fault: 'throttle',
    jobs: 12,
    metric: { name: 'SubmitThrottled' },
    alarm: 'submit-throttled',
    why: /its turn in the rate limit of AWS Batch calls/,
    stepMs: 5 * SECOND,
    attempts: 1,
  },
  {
    fault: 'spot-reclaim',
    jobs: 3,
    onSpot: true,
    metric: { name: 'AttemptsFailed', by: { failureClass: 'spot_reclaimed' } },
    alarm: 'spot-reclaimed',
    why: /attempt 1 ended with spot_reclaimed/,
    stepMs: 15 * SECOND,
    // Its type leaves Spot after two.
    attempts: 3,
  },
  {
    fault: 'stuck-runnable',
    jobs: 2,
    metric: { name: 'JobsStuck' },
    alarm: 'jobs-stuck',
    why: /does not start it \(no_room\)/,
    stepMs: 5 * MINUTE,
    attempts: 1,
  },
  {
    fault: 'kill-function',
    jobs: 6,
    metric: { name: 'Errors' },
    alarm: 'function-errors',
    why: /AWS Batch has not answered; it is asked again by name/,
    stepMs: 30 * SECOND,
    attempts: 1,
  },
];
