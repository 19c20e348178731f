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

/**
 * What is set up by these goes on after a token has ended: a page's token of some minutes would leave a schedule that runs for ever. So a
 * token has them only where its key says that it may.
 */
export const SCOPES_THAT_SET_UP: readonly string[] = ['schedules:write'] satisfies readonly Scope[];
