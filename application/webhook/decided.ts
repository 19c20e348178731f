/** A change whose decision has a verdict beside the next value. */

export interface EndpointDecision<Value, Verdict> {
  readonly verdict: Verdict;
  /** Absent: the value stays as it is. */
  readonly next: Value | undefined;
}

/**
 * @param change stores what a decision makes of a value, and decides again when another writer was faster
 * @returns what is stored afterwards, and the verdict of the last decision; none when there was no value to decide on
 */
export async function decided<Value, Verdict>(
  change: (decide: (value: Value) => Value | undefined) => Promise<Value | undefined>,
  decide: (value: Value) => EndpointDecision<Value, Verdict>,
): Promise<{ readonly stored: Value | undefined; readonly verdict: Verdict | undefined }> {
  let verdict: Verdict | undefined;
  const stored = await change((value) => {
    const decision = decide(value);
    verdict = decision.verdict;
    return decision.next;
  });
  return { stored, verdict };
}
