/** A group, or an array, as lines for people. */
import { totalOf } from '../../domain/group/group.ts';
import type { GroupView } from '../../domain/reading/group-view.ts';
import { stateTone } from '../job/timeline-text.ts';
import type { Page } from '../program/output.ts';

export const toneOf = ({ state, finish }: GroupView) =>
  state === 'finished' && finish ? stateTone(finish.status) : 'strong';

export function sentenceOf({ state, round = 1, members, expect, finish, array }: GroupView): string {
  if (state === 'open') return 'it takes members until it is sealed';
  if (state === 'sealed') return array === undefined ? `it waits for ${expect} members` : makingOf(array);
  const counts = members === undefined ? '' : countsOf(members);
  const at = state === 'finished' && finish !== undefined ? ` at ${finish.at}` : ' so far';
  return `round ${round}: ${counts}${at}`;
}

function makingOf({ items, made }: NonNullable<GroupView['array']>): string {
  return items === undefined
    ? 'the lines of its object were not counted yet'
    : `${made} of ${items} jobs are made`;
}

function countsOf(members: NonNullable<GroupView['members']>): string {
  const parts = Object.entries(members).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]));
  return parts.length === 0 ? `${totalOf(members)} members` : parts.join(', ');
}

/** Where it stands, and of an array what it is made of, what limits it, and why it made no more. */
export function showGroup(page: Page, view: GroupView): void {
  page.line(`${view.group}  `, { text: view.state, tone: toneOf(view) });
  page.hanging('', sentenceOf(view));
  const { array, finish } = view;
  if (array === undefined) return;
  const { items, jobType, idempotencyKey, itemsRef, concurrency, maxFailed, failure } = array;
  const count = items === undefined ? 'items' : `${items} items`;
  const limits = [
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(maxFailed === undefined ? [] : [`ends when more than ${maxFailed} have failed`]),
  ];
  page.hanging('', [`${count} of ${jobType}, key ${idempotencyKey}`, ...limits].join(', '));
  if (itemsRef !== undefined) page.hanging('items: ', itemsRef);
  if (failure !== undefined)
    page.hanging('', { text: `${failure.code}: ${failure.message}`, tone: stateTone('failed') });
  if (finish?.manifest !== undefined) page.hanging('manifest: ', finish.manifest);
}
