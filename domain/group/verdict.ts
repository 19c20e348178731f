/** What a group means for a job that waits for it. */

import { nameOfGroup } from '../dependency/dependency.ts';
import { brokenBy, type Judgement, type Waiting } from '../dependency/verdict.ts';
import { type Group, hasSucceeded, stateOf } from './group.ts';

/**
 * The end of a round is final for `finished` and `failed`. `succeeded` follows redrives, as it does for a job: while a later round
 * is under way it is pending. A group that waits to be redriven is held for until it is.
 */
export function verdictOnGroup(
  group: Group | undefined,
  groupId: string,
  { condition, holds }: Pick<Waiting, 'condition' | 'holds'>,
): Judgement {
  const finish = group?.finish;
  if (group === undefined || finish === undefined) return PENDING;
  if (condition === 'finished') return MET;
  const name = nameOfGroup(groupId);
  const isRunning = stateOf(group) !== 'finished';
  // Only a member that failed is redriven, so the rounds before this one had one.
  if (condition === 'failed') {
    if (isRunning || finish.round > 1 || !hasSucceeded(group, finish)) return MET;
    return brokenBy('dependency_not_needed', name, name);
  }
  if (isRunning) return PENDING;
  if (hasSucceeded(group, finish)) return MET;
  return holds ? PENDING : brokenBy('dependency_failed', name, name);
}

const PENDING: Judgement = { kind: 'pending' };
const MET: Judgement = { kind: 'met' };
