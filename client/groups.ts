/** Groups: jobs that end together. A job joins one by its `group`. */
import type { Clock } from './clock.ts';
import { WaitTimeout } from './errors.ts';
import type { Transport } from './transport.ts';
import type { CallOptions, Group, GroupPage, MemberPage } from './types.ts';

export interface SealOptions extends CallOptions {
  /** It ends with so many members; absent: with those that it has. */
  readonly expect?: number;
  /** A member that has not come by then is missing; a week if absent. */
  readonly groupTimeoutSeconds?: number;
}

export interface ListGroupsOptions extends CallOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

export interface GroupWaitOptions extends CallOptions {
  /** 600 if absent. The end of a wait cancels nothing. */
  readonly timeoutSeconds?: number;
}

export interface Groups {
  get(group: string, options?: CallOptions): Promise<Group>;
  /** The newest first. */
  list(options?: ListGroupsOptions): Promise<GroupPage>;
  members(group: string, options?: ListGroupsOptions): Promise<MemberPage>;
  /** It takes no more members, and ends when all of them have. A repeat changes nothing. */
  seal(group: string, options?: SealOptions): Promise<Group>;
  /** Asks for the end of all members. */
  cancel(group: string, options?: CallOptions): Promise<Group>;
  /** @returns the group when its round is over @throws WaitTimeout */
  wait(group: string, options?: GroupWaitOptions): Promise<Group>;
}

const DEFAULT_TIMEOUT_SECONDS = 600;
const FIRST_LOOK_MS = 1000;
const MAX_LOOK_MS = 10_000;

/** @param read may read jobs, and write may write groups: a page may have a token for the first alone */
export function groups(
  { read, write }: { readonly read: Transport; readonly write: Transport },
  clock: Clock,
): Groups {
  const at = (group: string, rest = '') => `/v1/groups/${encodeURIComponent(group)}${rest}`;
  // The answers are those of the API's document, which a test holds against these types.
  const get = async (group: string, { signal }: CallOptions = {}) =>
    (await read({ method: 'GET', path: at(group), signal })).body as Group;
  const page = async (path: string, { limit, cursor, signal }: ListGroupsOptions = {}) =>
    (await read({ method: 'GET', path, query: { limit: limit?.toString(), cursor }, signal })).body;
  return {
    get,
    list: async (options) => (await page('/v1/groups', options)) as GroupPage,
    members: async (group, options) => (await page(at(group, '/members'), options)) as MemberPage,
    async seal(group, { signal, ...body } = {}) {
      return (await write({ method: 'POST', path: at(group, '/seal'), body, signal })).body as Group;
    },
    async cancel(group, { signal } = {}) {
      return (await write({ method: 'POST', path: at(group, '/cancel'), signal })).body as Group;
    },
    async wait(group, { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, signal } = {}) {
      const untilMs = clock.nowMs() + timeoutSeconds * 1000;
      for (let everyMs = FIRST_LOOK_MS; ; everyMs = Math.min(everyMs * 1.5, MAX_LOOK_MS)) {
        const found = await get(group, { signal });
        if (found.state === 'finished') return found;
        const leftMs = untilMs - clock.nowMs();
        if (leftMs <= 0) throw new WaitTimeout(group, timeoutSeconds);
        await clock.sleep(Math.min(everyMs * (0.75 + clock.random() / 2), leftMs), signal);
      }
    },
  };
}
