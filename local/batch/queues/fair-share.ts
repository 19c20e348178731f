/**
 * The rules of a fair-share policy. Pure.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_FairsharePolicy.html
 */
import * as z from 'zod';

/** In a policy, a trailing asterisk matches all shares with this prefix. */
export const ShareIdentifier = z.string().regex(/^[A-Za-z0-9]{1,255}\*?$/, 'takes letters and digits');

export const FairsharePolicy = z.strictObject({
  shareDecaySeconds: z.int().min(0).max(604_800).optional(),
  computeReservation: z.int().min(0).max(99).optional(),
  shareDistribution: z
    .array(
      z.strictObject({
        shareIdentifier: ShareIdentifier,
        weightFactor: z.number().min(0.0001).max(999.9999).optional(),
      }),
    )
    .max(500)
    .optional(),
});
export type FairsharePolicy = z.infer<typeof FairsharePolicy>;

/** "Jobs queues with a fair-share scheduling policy can have a maximum of 500 active share identifiers" (API reference, CreateJobQueue). */
export const MAX_ACTIVE_SHARES = 500;
/** The meaning of 0, which the reference calls the minimum. */
const LEAST_WINDOW_SECONDS = 600;
/**
 * The smallest container on Fargate: a smaller reservation would be useless to its share, and missing to the others.
 */
const LEAST_VCPUS = 0.25;

/** How far back the use of a share counts. */
export function windowMs({ shareDecaySeconds = 0 }: FairsharePolicy): number {
  return Math.max(shareDecaySeconds, LEAST_WINDOW_SECONDS) * 1000;
}

/** The lower, the more vCPU a share gets. */
export function weightOf({ shareDistribution = [] }: FairsharePolicy, share: string): number {
  return shareDistribution.find(({ shareIdentifier }) => covers(shareIdentifier, share))?.weightFactor ?? 1;
}

/** vCPU kept for shares that are not active yet. AWS does not say how it rounds. */
export function reservedVcpus(
  { computeReservation = 0 }: FairsharePolicy,
  { maxVcpus, activeShares }: { maxVcpus: number; activeShares: number },
): number {
  const kept = maxVcpus * (computeReservation / 100) ** activeShares;
  return Math.floor(kept / LEAST_VCPUS) * LEAST_VCPUS;
}

/** Two entries that match the same share. */
export function overlapIn({ shareDistribution = [] }: FairsharePolicy): [string, string] | undefined {
  const names = shareDistribution.map(({ shareIdentifier }) => shareIdentifier);
  for (const [index, name] of names.entries()) {
    const other = names.slice(index + 1).find((one) => covers(name, one) || covers(one, name));
    if (other !== undefined) return [name, other];
  }
  return undefined;
}

function covers(pattern: string, share: string): boolean {
  return pattern.endsWith('*') ? share.startsWith(pattern.slice(0, -1)) : share === pattern;
}
