/** Small shapes that definitions, submissions and jobs have in common. */
import * as z from 'zod';

export const NameValue = z.object({ name: z.string(), value: z.string() });
export const ResourceRequirement = z.object({ type: z.enum(['VCPU', 'MEMORY', 'GPU']), value: z.string() });
export type ResourceRequirement = z.infer<typeof ResourceRequirement>;
export const Parameters = z.record(z.string(), z.string());
