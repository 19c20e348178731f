/** Groups, for tenants and operators. */
import { cancelGroup, type SealPorts, sealGroup } from '../../application/group/seal.ts';
import { type ListGroupsPorts, listGroups, listMembers } from '../../application/resources/list-groups.ts';
import { notFound, type Refused } from '../../application/resources/refused.ts';
import { type SubmitArrayPorts, submitArray } from '../../application/resources/submit-array.ts';
import { arrayProblem } from '../../domain/access/narrowing.ts';
import { problem } from '../../domain/errors.ts';
import type { Group } from '../../domain/group/group.ts';
import { GroupId } from '../../domain/job/ids.ts';
import { groupView } from '../../domain/reading/group-view.ts';
import { summaryOf } from '../../domain/reading/job-view.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import { type ParsedArray, parseArraySubmission } from '../../domain/request/request.ts';
import { traceContextIn, traceparentOf } from '../../domain/trace/context.ts';
import { groupOperations } from '../contract/groups.ts';
import { type Answer, type Asked, type Handlers, ok, taggedBy } from '../handler.ts';
import { tenantMissing } from './parameters.ts';

const DEFAULT_PAGE = 50;
const pageOf = ({ limit, cursor }: Asked['query']) => ({ limit: Number(limit ?? DEFAULT_PAGE), cursor });

type GroupPorts = SealPorts & ListGroupsPorts & SubmitArrayPorts;

export function groupHandlers(ports: GroupPorts): Handlers<keyof typeof groupOperations> {
  const submitted = submitArray(ports);
  return {
    async submitArray({ caller, headers, body }) {
      if (caller.tenantId === undefined) return tenantMissing;
      const sender = { tenantId: caller.tenantId, idempotencyKey: headers['Idempotency-Key'] };
      const parsed = withTrace(parseArraySubmission(body, sender), headers.traceparent);
      const outside = parsed.kind === 'array' && arrayProblem(caller.narrowing, parsed.request);
      if (outside) return { kind: 'refused', problem: outside };
      const outcome = await submitted(parsed);
      if (outcome.kind === 'refused') return outcome;
      const { group, state } = groupView(outcome.group);
      if (outcome.isNew) return { kind: 'answer', status: 201, body: { group, state } };
      return { ...ok({ group, state }), headers: { 'Idempotent-Replayed': 'true' } };
    },

    async listGroups({ mine: { tenantId }, query }) {
      if (tenantId === undefined) return tenantMissing;
      const page = await listGroups(ports, tenantId, pageOf(query));
      if (page.kind === 'refused') return page;
      return ok({
        items: page.items.map(groupView),
        ...(page.next === undefined ? {} : { next: page.next }),
      });
    },

    getGroup: withGroup(async (group) => ({
      kind: 'answer',
      status: 200,
      tagged: taggedBy(groupView(group)),
    })),

    listMembers: withGroup(async (group, { mine, query, caller }) => {
      const page = await listMembers(ports, mine, group, pageOf(query));
      if (page.kind === 'refused') return page;
      const items = page.items.map(({ jobId, job }) => ({
        jobId,
        ...(job === undefined ? {} : { job: summaryOf(job, caller.audience) }),
      }));
      return ok({ items, ...(page.next === undefined ? {} : { next: page.next }) });
    }),

    // A group may be sealed before its first member comes.
    async sealGroup({ mine: { tenantId }, path, body }) {
      if (tenantId === undefined) return tenantMissing;
      const groupId = GroupId.safeParse(path['groupId']);
      if (!groupId.success) return nameInvalid;
      const read = readBodyAs(groupOperations.sealGroup.body, body);
      if (read.kind === 'refused') return read;
      const { expect, groupTimeoutSeconds: timeoutSeconds } = read.value;
      const name = { tenantId, groupId: groupId.data };
      const done = await sealGroup(ports, name, { expect, timeoutSeconds });
      return done.kind === 'refused' ? done : ok(groupView(done.group));
    },

    cancelGroup: withGroup(async (group) => ({
      kind: 'answer',
      status: 202,
      body: groupView(await cancelGroup(ports, group)),
    })),
  };
}

/** The header is the sender's word unless the body has one. Like the attribute of a message it changes no fingerprint. */
function withTrace(parsed: ParsedArray, header: string | undefined): ParsedArray {
  const given = traceContextIn(header);
  if (given === undefined || parsed.kind !== 'array' || parsed.request.traceparent !== undefined)
    return parsed;
  return { ...parsed, request: { ...parsed.request, traceparent: traceparentOf(given) } };
}

/** The group that the path names, if the caller reaches it. */
function withGroup(use: (group: Group, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    if (asked.mine.tenantId === undefined) return tenantMissing;
    const group = await asked.mine.group(asked.path['groupId'] ?? '');
    return group === undefined ? notFound : use(group, asked);
  };
}

const nameInvalid: Refused = {
  kind: 'refused',
  problem: problem(
    'field_invalid',
    '/groupId',
    'Expected 1 to 128 of letters, digits, dot, dash and underscore, with a letter or digit at each end.',
  ),
};
