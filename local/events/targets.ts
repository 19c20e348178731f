/** The calls that give targets to rules, list and remove them. */
import { ApiError } from '../aws.ts';
import { type Actions, invalid, page } from './actions.ts';
import type { Registry } from './registry.ts';
import { ListTargetsByRule, PutTargets, parse, RemoveTargets, type Target } from './requests.ts';
import { inputFault } from './target-input.ts';

/** AWS's own limit, which cannot be raised. */
const TARGETS_PER_RULE = 5;

export function targetActions({ rule: ruleOf, keepRule }: Registry): Actions {
  return {
    PutTargets(body, { declared }) {
      const request = parse(PutTargets, body);
      const rule = ruleOf(request.EventBusName, request.Rule);
      const ids = new Set([...rule.targets.keys(), ...request.Targets.map(({ Id }) => Id)]);
      if (ids.size > TARGETS_PER_RULE)
        throw new ApiError('LimitExceededException', `A rule has at most ${TARGETS_PER_RULE} targets.`);
      const fault = request.Targets.map(faultOf).find((found) => found !== undefined);
      if (fault !== undefined) throw invalid(fault);
      for (const target of request.Targets) rule.targets.set(target.Id, target);
      if (!declared) keepRule(rule);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets(body) {
      const request = parse(RemoveTargets, body);
      const rule = ruleOf(request.EventBusName, request.Rule);
      const unknown = request.Ids.filter((id) => !rule.targets.delete(id));
      keepRule(rule);
      const FailedEntries = unknown.map((TargetId) => ({
        TargetId,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Rule ${request.Rule} does not have a target ${TargetId}.`,
      }));
      return { FailedEntryCount: FailedEntries.length, FailedEntries };
    },
    ListTargetsByRule(body) {
      const request = parse(ListTargetsByRule, body);
      const { targets } = ruleOf(request.EventBusName, request.Rule);
      const { items, NextToken } = page([...targets.values()], request);
      return { Targets: items, NextToken };
    },
  };
}

function faultOf(target: Target): string | undefined {
  const { Arn, Id, SqsParameters } = target;
  if (Arn.endsWith('.fifo') && SqsParameters === undefined)
    return `Parameter(s) SqsParameters must be specified for target: ${Id}.`;
  if (Arn.startsWith('arn:aws:lambda:') && SqsParameters !== undefined)
    return `Parameter(s) SqsParameters not valid for target: ${Id}.`;
  return inputFault(Id, target);
}
