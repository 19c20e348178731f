/** What the figures of the first screen say of waiting and of the pace. */
import type { Answers, Tenant } from '../api/schema.ts';
import { countText, durationText } from '../parts/words.ts';

export type Pace = Answers['get /v1/activity']['pace'];

/** Of the attempts that are first in line at each tenant. @returns undefined when none is in line */
export function longestWaitMs(
  tenants: readonly Pick<Tenant, 'waitingSince'>[],
  nowMs: number,
): number | undefined {
  const since = tenants.flatMap(({ waitingSince }) => waitingSince ?? []).map((at) => Date.parse(at));
  return since.length === 0 ? undefined : Math.max(0, nowMs - Math.min(...since));
}

/** A wait of less is how calls are spread over a second. */
const TAKEN_SECONDS = 1;

export function paceText({ perSecond, takenSeconds }: Pace): { text: string; isTaken: boolean } {
  const calls = `${countText(perSecond)} calls a second`;
  return takenSeconds < TAKEN_SECONDS
    ? { text: `of ${calls} some are free`, isTaken: false }
    : { text: `${calls} are taken for ${durationText(takenSeconds * 1000)}`, isTaken: true };
}
