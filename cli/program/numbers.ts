/** Numbers as options have them: texts of digits. */
import * as z from 'zod';

/** @param what it is, for its reader */
export const whole = (what: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `expected ${what}`)
    .transform(Number);

export const wholeUpTo = (most: number, what: string) =>
  whole(what).refine((count) => count <= most, `expected at most ${most}`);
