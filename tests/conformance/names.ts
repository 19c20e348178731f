/** Ids by number, all different. */
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';

/** As ids are hashes, the number is written where their shard is read: at the end. */
export function jobIdNo(n: number): string {
  const digits = [Math.floor(n / 1024) % 32, Math.floor(n / 32) % 32, n % 32].map((digit) => DIGITS[digit]);
  return `job_${'b'.repeat(23)}${digits.join('')}`;
}
