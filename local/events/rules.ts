/** The calls that make, list and remove rules. */
import { type Actions, invalid, page } from './actions.ts';
import type { Registry, Rule } from './registry.ts';
import {
  DeleteRule,
  ListRuleNamesByTarget,
  ListRules,
  OneRule,
  PutRule,
  parse,
  tagsFrom,
} from './requests.ts';

export function ruleActions(registry: Registry, now: () => number): Actions {
  const { bus, rule: ruleOf, addRule, dropRule, keepRule } = registry;
  const enable = (body: unknown, enabled: boolean) => {
    const { EventBusName, Name } = parse(OneRule, body);
    const rule = ruleOf(EventBusName, Name);
    rule.enabled = enabled;
    rule.dueAtMs = rule.schedule?.(now(), undefined);
    keepRule(rule);
    return {};
  };
  return {
    PutRule(body, { declared }) {
      const request = parse(PutRule, body);
      const { Name, EventPattern, ScheduleExpression } = request;
      const on = bus(request.EventBusName);
      if (EventPattern === undefined && ScheduleExpression === undefined)
        throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
      if (ScheduleExpression !== undefined && on.name !== 'default')
        throw invalid('ScheduleExpression is supported only on the default event bus.');
      const isNew = !on.rules.has(Name);
      const rule = addRule(on, {
        name: Name,
        description: request.Description,
        roleArn: request.RoleArn,
        eventPattern: EventPattern,
        scheduleExpression: ScheduleExpression,
        enabled: request.State === 'ENABLED',
      });
      // PutRule leaves the tags of a rule that is there.
      if (isNew) for (const [key, value] of tagsFrom(request.Tags)) rule.tags.set(key, value);
      if (!declared) keepRule(rule);
      return { RuleArn: rule.arn };
    },
    DescribeRule(body) {
      const { EventBusName, Name } = parse(OneRule, body);
      return described(ruleOf(EventBusName, Name));
    },
    ListRules(body) {
      const request = parse(ListRules, body);
      const rules = [...bus(request.EventBusName).rules.values()];
      const { items, NextToken } = page(
        rules.filter(({ name }) => name.startsWith(request.NamePrefix ?? '')),
        request,
      );
      return { Rules: items.map(described), NextToken };
    },
    ListRuleNamesByTarget(body) {
      const request = parse(ListRuleNamesByTarget, body);
      const rules = [...bus(request.EventBusName).rules.values()].filter(({ targets }) =>
        [...targets.values()].some(({ Arn }) => Arn === request.TargetArn),
      );
      const { items, NextToken } = page(rules, request);
      return { RuleNames: items.map(({ name }) => name), NextToken };
    },
    DeleteRule(body) {
      const { EventBusName, Name } = parse(DeleteRule, body);
      const rule = bus(EventBusName).rules.get(Name);
      if (rule?.targets.size) throw invalid("Rule can't be deleted since it has targets.");
      if (rule !== undefined) dropRule(rule);
      return {};
    },
    EnableRule: (body) => enable(body, true),
    DisableRule: (body) => enable(body, false),
  };
}

function described(rule: Rule): object {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.enabled ? 'ENABLED' : 'DISABLED',
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.busName,
  };
}
