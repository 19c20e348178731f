/** The operations on groups of jobs. */
import * as z from 'zod';
import { GroupView, MemberView } from '../../domain/reading/group-view.ts';
import { ArrayRequest, GroupSealRequest } from '../../domain/request/request.ts';
import { ADMISSION } from './jobs.ts';
import { operations, READS_BODY } from './operation.ts';
import { OfTenant, Page } from './parameters.ts';

export const GroupSeal = GroupSealRequest.pick({ expect: true, groupTimeoutSeconds: true });

const next = z.string().optional().describe('Continues the list. Absent at its end.');
export const GroupPage = z.object({ items: z.array(GroupView), next });
export const MemberPage = z.object({ items: z.array(MemberView), next });

const toRead = { kind: 'tenant', scope: 'jobs:read', narrowing: 'closed' } as const;
const toWrite = { kind: 'tenant', scope: 'groups:write', narrowing: 'closed' } as const;

/** The message of the front queue without the tenant, which the credential names. */
export const ArraySubmission = ArrayRequest.omit({ tenantId: true, action: true }).partial({
  specVersion: true,
});

export const CreatedArray = GroupView.pick({ group: true, state: true });

export const groupOperations = operations({
  submitArray: {
    method: 'post',
    path: '/v1/arrays',
    tag: 'groups',
    access: { kind: 'tenant', scope: 'jobs:create', narrowing: 'creation' },
    summary: 'Start a job for each of up to 10,000 inputs',
    description:
      'The body is that of a job with array in place of input: everything else is the same for each job. The array is a group of its own; its jobs are its members. Up to 1,000 items are admitted whole or not at all; each line of the object at itemsRef, up to 10,000, is judged alone when it is read. A token for a single job starts none.',
    query: OfTenant,
    headers: ['Idempotency-Key', 'traceparent'],
    body: ArraySubmission,
    answers: {
      201: { description: 'The array was recorded; its jobs follow within a minute.', body: CreatedArray },
      200: {
        description: 'The same request was sent before; this is its group.',
        body: CreatedArray,
        headers: ['Idempotent-Replayed'],
      },
    },
    problems: [...ADMISSION, 'idempotency_key_missing', 'content_type'],
  },
  listGroups: {
    method: 'get',
    path: '/v1/groups',
    tag: 'groups',
    access: toRead,
    summary: 'List groups, the newest first',
    description: 'A group of the last second may be missing. Operators name the tenant.',
    query: Page,
    answers: { 200: { description: 'One page.', body: GroupPage } },
    problems: ['cursor_invalid'],
  },
  getGroup: {
    method: 'get',
    path: '/v1/groups/{groupId}',
    tag: 'groups',
    access: toRead,
    summary: 'Read a group',
    query: OfTenant,
    headers: ['If-None-Match'],
    answers: {
      200: { description: 'The group.', body: GroupView, headers: ['ETag'] },
      304: { description: 'It is as it was when the given ETag was read.' },
    },
    problems: ['not_found'],
  },
  listMembers: {
    method: 'get',
    path: '/v1/groups/{groupId}/members',
    tag: 'groups',
    access: toRead,
    summary: 'List the members of a group',
    description:
      'In the order of the ids of their jobs. A page may have fewer than asked for before the list ends.',
    query: Page,
    answers: { 200: { description: 'One page.', body: MemberPage } },
    problems: ['not_found', 'cursor_invalid'],
  },
  sealGroup: {
    method: 'post',
    path: '/v1/groups/{groupId}/seal',
    tag: 'groups',
    access: toWrite,
    summary: 'Let a group end',
    description:
      'It takes no more members: at once, or when it has as many as are expected. When all of them have ended, group.finished follows. A group that has no members ends at once. A repeat changes nothing.',
    query: OfTenant,
    body: GroupSeal,
    answers: { 200: { description: 'The group.', body: GroupView } },
    problems: [...READS_BODY, 'group_sealed'],
  },
  cancelGroup: {
    method: 'post',
    path: '/v1/groups/{groupId}/cancel',
    tag: 'groups',
    access: toWrite,
    summary: 'End all members of a group',
    description:
      'It takes no more. Its members are ended one after the other; those that have ended stay as they are.',
    query: OfTenant,
    answers: { 202: { description: 'Its members are being ended.', body: GroupView } },
    problems: ['not_found'],
  },
});
