/** What a credential allows. A closed list without wildcards: a scope that is not here is refused where it is written. */
import * as z from 'zod';

export const Scope = z.enum([
  'jobs:create',
  'jobs:read',
  'jobs:cancel',
  'logs:read',
  'groups:write',
  'schedules:read',
  'schedules:write',
  'endpoints:read',
  'usage:read',
]);
export type Scope = z.infer<typeof Scope>;
