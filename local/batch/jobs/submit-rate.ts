/**
 * How many SubmitJob calls an account may make in a second.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
 */

/** Of the account and Region; it cannot be raised. */
export const SUBMITS_PER_SECOND = 50;

/**
 * AWS does not say how it counts. Any second counts here, wherever it begins, so that a rate which passes here passes
 * there. A call that is refused does not count.
 */
export function createSubmitRate({ clock, perSecond }: { clock: { now(): number }; perSecond: number }) {
  /** When the latest calls were admitted, the oldest first. */
  const admittedAtMs: number[] = [];
  return {
    /** @returns whether this call is within the rate */
    admits(): boolean {
      if (perSecond === Number.POSITIVE_INFINITY) return true;
      const nowMs = clock.now();
      const oldest = admittedAtMs[0];
      if (admittedAtMs.length >= perSecond) {
        if (oldest !== undefined && oldest > nowMs - 1000) return false;
        admittedAtMs.shift();
      }
      admittedAtMs.push(nowMs);
      return true;
    },
  };
}
