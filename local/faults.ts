/** What may go wrong in AWS, as switches that a person can turn while the cloud runs. */
import * as z from 'zod';
import type { ApiRequest } from './aws.ts';
import type { BatchFaults } from './batch/batch.ts';

const NAMES = [
  'duplicate-events',
  'drop-events',
  'delay-events',
  'throttle',
  'spot-reclaim',
  'stuck-runnable',
  'kill-function',
] as const;
export const FaultName = z.enum(NAMES);
export type FaultName = z.infer<typeof FaultName>;
export const Switches = z.record(FaultName, z.boolean());
export type Switches = Readonly<z.infer<typeof Switches>>;

export const faultTexts: Readonly<Record<FaultName, string>> = {
  'duplicate-events': 'each event of AWS Batch arrives twice',
  'drop-events': 'no event of AWS Batch arrives',
  'delay-events': 'each event of AWS Batch arrives five minutes late',
  throttle: 'AWS Batch throttles each SubmitJob',
  'spot-reclaim': 'Spot takes each try away as it begins to run',
  'stuck-runnable': 'AWS Batch starts no job',
  'kill-function':
    'the function that calls SubmitJob is killed at every third call, in turns before and after AWS Batch has the job',
};

export const EVENT_DELAY_SECONDS = 300;
/** A message that is killed with each receive would be buried: that is another fault. */
const KILL_EACH = 3;

export interface Faults {
  switches(): Switches;
  turn(changes: Partial<Switches>): void;
}

/** @param kill ends the calls of a function that run now; a caller that is no function has none */
export function createFaults(batch: BatchFaults, kill: (functionName: string) => void): Faults {
  const on = new Set<FaultName>();
  let [calls, kills] = [0, 0];

  const event: NonNullable<BatchFaults['event']> = () => {
    if (on.has('drop-events')) return 'drop';
    if (on.has('delay-events')) return { delaySeconds: EVENT_DELAY_SECONDS };
    return on.has('duplicate-events') ? 'duplicate' : 'deliver';
  };
  const submit: NonNullable<BatchFaults['submit']> = (request) => {
    if (on.has('throttle')) return 'throttle';
    const caller = callerOf(request);
    if (!on.has('kill-function') || caller === undefined || calls++ % KILL_EACH > 0) return 'accept';
    kill(caller);
    kills += 1;
    return kills % 2 === 1 ? 'lose_request' : 'lose_reply';
  };

  return {
    switches: () => Switches.parse(Object.fromEntries(NAMES.map((name) => [name, on.has(name)]))),
    turn(changes) {
      for (const name of NAMES) {
        if (changes[name] === true) on.add(name);
        if (changes[name] === false) on.delete(name);
      }
      [calls, kills] = [0, 0];
      // A fault that is off leaves AWS Batch as it is, with its own limit of calls.
      assign(
        batch,
        'event',
        any(on, ['duplicate-events', 'drop-events', 'delay-events']) ? event : undefined,
      );
      assign(batch, 'submit', any(on, ['throttle', 'kill-function']) ? submit : undefined);
      assign(batch, 'reclaim', on.has('spot-reclaim') ? () => true : undefined);
      assign(batch, 'noCapacity', on.has('stuck-runnable') ? true : undefined);
    },
  };
}

const any = (on: ReadonlySet<FaultName>, names: readonly FaultName[]): boolean =>
  names.some((name) => on.has(name));

function assign<Name extends keyof BatchFaults>(
  faults: BatchFaults,
  name: Name,
  fault: BatchFaults[Name] | undefined,
): void {
  if (fault === undefined) delete faults[name];
  else faults[name] = fault;
}

/** A function's access key is its name. */
function callerOf({ headers }: ApiRequest): string | undefined {
  return /Credential=([^/]+)\//.exec(headers['authorization'] ?? '')?.[1];
}
