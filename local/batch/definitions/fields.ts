/** Small schemas that definitions, submissions and jobs share. */
import * as z from 'zod';
import { Int32 } from '../request.ts';

export const NameValue = z.strictObject({ name: z.string(), value: z.string() });
export const Parameters = z.record(z.string(), z.string());
export const Timeout = z.strictObject({ attemptDurationSeconds: Int32.min(60).optional() });

/** Job-level names with this prefix are reserved for Batch (API reference, ContainerOverrides). */
export const Environment = z.array(
  NameValue.refine(({ name }) => !name.startsWith('AWS_BATCH'), 'names starting AWS_BATCH are reserved'),
);

export const ResourceRequirement = z.strictObject({
  type: z.enum(['VCPU', 'MEMORY', 'GPU']),
  value: z.string(),
});
export type ResourceRequirement = z.infer<typeof ResourceRequirement>;

/** A name of ECS, as those of volumes and containers. */
export const EcsName = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'takes up to 255 letters, digits, - and _');

export const Secret = z.strictObject({ name: z.string().min(1), valueFrom: z.string().min(1) });
export type Secret = z.infer<typeof Secret>;
