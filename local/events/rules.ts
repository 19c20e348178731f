/**
 * Buses, rules and targets, and the calls that make, list and remove them. Kept in memory: the stack makes them
 * again.
 */
import { ACCOUNT_ID, ApiError } from '../aws.ts';
import { compilePattern } from './pattern.ts';
import * as requests from './requests.ts';
import { parse, type Target } from './requests.ts';
import { rateMs } from './schedule.ts';

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  readonly description: string | undefined;
  readonly roleArn: string | undefined;
  readonly eventPattern: string | undefined;
  readonly matches: (event: object) => boolean;
  readonly scheduleExpression: string | undefined;
  /** undefined: not a scheduled rule. */
  readonly everyMs: number | undefined;
  dueAtMs: number;
  enabled: boolean;
  readonly targets: Map<string, Target>;
}

interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly createdAtMs: number;
  readonly rules: Map<string, Rule>;
}

export interface Registry {
  readonly actions: Readonly<Record<string, (body: unknown) => unknown>>;
  /**
   * @param bus name or ARN; the default bus when absent
   * @returns undefined when there is no such bus
   */
  rulesOn(bus: string | undefined): readonly Rule[] | undefined;
}

type Buses = Map<string, Bus>;
type Now = () => number;

/** AWS's own limit, which cannot be raised. */
const TARGETS_PER_RULE = 5;

export function createRegistry(region: string, now: Now): Registry {
  const buses: Buses = new Map();
  const addBus = (name: string, description?: string) => {
    const arn = `arn:aws:events:${region}:${ACCOUNT_ID}:event-bus/${name}`;
    const bus: Bus = { name, arn, description, createdAtMs: now(), rules: new Map() };
    buses.set(name, bus);
    return bus;
  };
  addBus('default');
  return {
    actions: { ...busActions(buses, addBus), ...ruleActions(buses, now), ...targetActions(buses) },
    rulesOn: (bus) => {
      const found = buses.get(busName(bus));
      return found && [...found.rules.values()];
    },
  };
}

function busActions(buses: Buses, addBus: (name: string, description?: string) => Bus): Registry['actions'] {
  return {
    CreateEventBus(body) {
      const { Name, Description } = parse(requests.CreateEventBus, body);
      if (!/^[\w.-]+$/.test(Name)) throw invalid(`"${Name}" is not a name for a custom event bus.`);
      if (buses.has(Name)) {
        throw new ApiError('ResourceAlreadyExistsException', `Event bus ${Name} already exists.`);
      }
      return { EventBusArn: addBus(Name, Description).arn, Description };
    },
    DescribeEventBus: (body) => busReply(busOf(buses, parse(requests.OneEventBus, body).Name)),
    ListEventBuses(body) {
      const request = parse(requests.ListEventBuses, body);
      const found = [...buses.values()].filter(({ name }) => name.startsWith(request.NamePrefix ?? ''));
      const { items, NextToken } = page(found, request);
      return { EventBuses: items.map(busReply), NextToken };
    },
    DeleteEventBus(body) {
      const name = busName(parse(requests.OneEventBus, body).Name);
      if (name === 'default') throw invalid('Cannot delete event bus default.');
      if (buses.get(name)?.rules.size)
        throw invalid(`Event bus ${name} cannot be deleted since it has rules.`);
      buses.delete(name);
      return {};
    },
  };
}

function ruleActions(buses: Buses, now: Now): Registry['actions'] {
  const enable = (body: unknown, enabled: boolean) => {
    const request = parse(requests.OneRule, body);
    const rule = ruleOf(busOf(buses, request.EventBusName), request.Name);
    rule.enabled = enabled;
    rule.dueAtMs = now() + (rule.everyMs ?? 0);
    return {};
  };
  return {
    PutRule(body) {
      const request = parse(requests.PutRule, body);
      const bus = busOf(buses, request.EventBusName);
      const rule = ruleFrom(request, bus, now());
      bus.rules.set(rule.name, rule);
      return { RuleArn: rule.arn };
    },
    DescribeRule(body) {
      const request = parse(requests.OneRule, body);
      return ruleReply(ruleOf(busOf(buses, request.EventBusName), request.Name));
    },
    ListRules(body) {
      const request = parse(requests.ListRules, body);
      const rules = [...busOf(buses, request.EventBusName).rules.values()];
      const { items, NextToken } = page(
        rules.filter(({ name }) => name.startsWith(request.NamePrefix ?? '')),
        request,
      );
      return { Rules: items.map(ruleReply), NextToken };
    },
    DeleteRule(body) {
      const request = parse(requests.DeleteRule, body);
      const { rules } = busOf(buses, request.EventBusName);
      if (rules.get(request.Name)?.targets.size) throw invalid("Rule can't be deleted since it has targets.");
      rules.delete(request.Name);
      return {};
    },
    EnableRule: (body) => enable(body, true),
    DisableRule: (body) => enable(body, false),
  };
}

function targetActions(buses: Buses): Registry['actions'] {
  return {
    PutTargets(body) {
      const request = parse(requests.PutTargets, body);
      const { targets } = ruleOf(busOf(buses, request.EventBusName), request.Rule);
      const ids = new Set([...targets.keys(), ...request.Targets.map(({ Id }) => Id)]);
      if (ids.size > TARGETS_PER_RULE) {
        throw new ApiError('LimitExceededException', `A rule has at most ${TARGETS_PER_RULE} targets.`);
      }
      for (const target of request.Targets) targets.set(target.Id, target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets(body) {
      const request = parse(requests.RemoveTargets, body);
      const { targets } = ruleOf(busOf(buses, request.EventBusName), request.Rule);
      const unknown = request.Ids.filter((id) => !targets.delete(id));
      const FailedEntries = unknown.map((TargetId) => ({
        TargetId,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Rule ${request.Rule} does not have a target ${TargetId}.`,
      }));
      return { FailedEntryCount: FailedEntries.length, FailedEntries };
    },
    ListTargetsByRule(body) {
      const request = parse(requests.ListTargetsByRule, body);
      const { targets } = ruleOf(busOf(buses, request.EventBusName), request.Rule);
      const { items, NextToken } = page([...targets.values()], request);
      return { Targets: items, NextToken };
    },
  };
}

function ruleFrom(request: requests.PutRule, bus: Bus, nowMs: number): Rule {
  const { Name, EventPattern, ScheduleExpression } = request;
  if (EventPattern === undefined && ScheduleExpression === undefined) {
    throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (ScheduleExpression !== undefined && bus.name !== 'default') {
    throw invalid('ScheduleExpression is supported only on the default event bus.');
  }
  const everyMs = ScheduleExpression === undefined ? undefined : rateMs(ScheduleExpression);
  const place = bus.name === 'default' ? Name : `${bus.name}/${Name}`;
  return {
    name: Name,
    arn: bus.arn.replace(/event-bus\/.*/, `rule/${place}`),
    busName: bus.name,
    description: request.Description,
    roleArn: request.RoleArn,
    eventPattern: EventPattern,
    matches: EventPattern === undefined ? () => false : compilePattern(parsePattern(EventPattern)),
    scheduleExpression: ScheduleExpression,
    everyMs,
    dueAtMs: nowMs + (everyMs ?? 0),
    enabled: request.State === 'ENABLED',
    // A rule that is put again keeps its targets.
    targets: bus.rules.get(Name)?.targets ?? new Map(),
  };
}

/** @throws InvalidEventPatternException */
export function parsePattern(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('InvalidEventPatternException', 'Event pattern is not valid. Reason: it is not JSON');
  }
}

function busReply(bus: Bus): object {
  const createdAt = bus.createdAtMs / 1000;
  return {
    Name: bus.name,
    Arn: bus.arn,
    Description: bus.description,
    CreationTime: createdAt,
    LastModifiedTime: createdAt,
  };
}

function ruleReply(rule: Rule): object {
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

function busName(nameOrArn = 'default'): string {
  return nameOrArn.replace(/^arn:aws:events:.*:event-bus\//, '');
}

function busOf(buses: Buses, nameOrArn: string | undefined): Bus {
  const name = busName(nameOrArn);
  const bus = buses.get(name);
  if (!bus) throw new ApiError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
  return bus;
}

function ruleOf(bus: Bus, name: string): Rule {
  const rule = bus.rules.get(name);
  if (rule) return rule;
  throw new ApiError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${bus.name}.`);
}

function page<Item>(
  items: readonly Item[],
  request: { NextToken?: string | undefined; Limit?: number | undefined },
) {
  const from = Number(request.NextToken ?? 0);
  const until = from + (request.Limit ?? 100);
  return { items: items.slice(from, until), NextToken: until < items.length ? String(until) : undefined };
}

function invalid(message: string): ApiError {
  return new ApiError('ValidationException', message);
}
