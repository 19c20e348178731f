/**
 * Buses, rules and targets. What an API call made or changed is kept in the database; what the stack declares is not,
 * because the stack declares it again at each start.
 */
import type { DatabaseSync } from 'node:sqlite';
import { ACCOUNT_ID, ApiError } from '../aws.ts';
import { compilePattern } from './pattern.ts';
import type { Target } from './requests.ts';
import { compileSchedule, type Schedule } from './schedule.ts';

export type Tags = Map<string, string>;

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
  readonly schedule: Schedule | undefined;
  /** undefined: never. */
  dueAtMs: number | undefined;
  enabled: boolean;
  readonly targets: Map<string, Target>;
  readonly tags: Tags;
}

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly createdAtMs: number;
  readonly rules: Map<string, Rule>;
  readonly tags: Tags;
}

/** The members of a rule from which the others follow. */
export interface RuleSettings {
  readonly name: string;
  readonly description?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly eventPattern?: string | undefined;
  readonly scheduleExpression?: string | undefined;
  readonly enabled: boolean;
}

export interface Registry {
  readonly buses: ReadonlyMap<string, Bus>;
  /** @param bus name or ARN; the default bus when absent. @throws ResourceNotFoundException */
  bus(bus: string | undefined): Bus;
  /** @throws ResourceNotFoundException */
  rule(bus: string | undefined, name: string): Rule;
  addBus(name: string, description?: string): Bus;
  dropBus(name: string): void;
  /**
   * Puts a rule, which keeps the targets and tags of an earlier one with its name.
   * @throws InvalidEventPatternException, ValidationException
   */
  addRule(bus: Bus, settings: RuleSettings): Rule;
  dropRule(rule: Rule): void;
  /** Keeps a bus or a rule as it is now. */
  keepBus(bus: Bus): void;
  keepRule(rule: Rule): void;
}

export interface RegistryOptions {
  readonly region: string;
  readonly database: DatabaseSync;
  now(): number;
}

export function openRegistry({ region, database, now }: RegistryOptions): Registry {
  const rows = openRows(database);
  const buses = new Map<string, Bus>();
  const addBus = (name: string, description?: string): Bus => {
    const arn = `arn:aws:events:${region}:${ACCOUNT_ID}:event-bus/${name}`;
    const bus = { name, arn, description, createdAtMs: now(), rules: new Map(), tags: new Map() };
    buses.set(name, bus);
    return bus;
  };
  const addRule = (bus: Bus, settings: RuleSettings): Rule => {
    const earlier = bus.rules.get(settings.name);
    const rule = ruleFrom(bus, settings, earlier, now());
    bus.rules.set(rule.name, rule);
    return rule;
  };
  const bus = (nameOrArn: string | undefined): Bus => {
    const name = busName(nameOrArn);
    const found = buses.get(name);
    if (found !== undefined) return found;
    throw new ApiError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
  };

  addBus('default');
  for (const { name, description, tags, createdAtMs } of rows.buses())
    buses.set(name, { ...addBus(name, description), tags: new Map(tags), createdAtMs });
  for (const { bus: name, settings, targets, tags } of rows.rules()) {
    const rule = addRule(bus(name), settings);
    for (const target of targets) rule.targets.set(target.Id, target);
    for (const [key, value] of tags) rule.tags.set(key, value);
  }
  return {
    buses,
    bus,
    rule(nameOrArn, name) {
      const { rules, name: busName } = bus(nameOrArn);
      const rule = rules.get(name);
      if (rule !== undefined) return rule;
      throw new ApiError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${busName}.`);
    },
    addBus,
    dropBus(name) {
      buses.delete(name);
      rows.dropBus(name);
    },
    addRule,
    dropRule({ busName, name }) {
      buses.get(busName)?.rules.delete(name);
      rows.dropRule(busName, name);
    },
    keepBus: rows.keepBus,
    keepRule(rule) {
      // A rule cannot be read again without its bus.
      rows.keepBus(bus(rule.busName));
      rows.keepRule(rule);
    },
  };
}

export function busName(nameOrArn = 'default'): string {
  return nameOrArn.replace(/^arn:aws:events:.*:event-bus\//, '');
}

function ruleFrom(bus: Bus, settings: RuleSettings, earlier: Rule | undefined, nowMs: number): Rule {
  const { name, eventPattern, scheduleExpression } = settings;
  const schedule = scheduleExpression === undefined ? undefined : compileSchedule(scheduleExpression);
  const place = bus.name === 'default' ? name : `${bus.name}/${name}`;
  return {
    name,
    arn: bus.arn.replace(/event-bus\/.*/, `rule/${place}`),
    busName: bus.name,
    description: settings.description,
    roleArn: settings.roleArn,
    eventPattern,
    matches: eventPattern === undefined ? () => false : compilePattern(parsePattern(eventPattern)),
    scheduleExpression,
    schedule,
    dueAtMs: schedule?.(nowMs, undefined),
    enabled: settings.enabled,
    targets: earlier?.targets ?? new Map(),
    tags: earlier?.tags ?? new Map(),
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

interface BusRow {
  readonly name: string;
  readonly description?: string;
  readonly createdAtMs: number;
  readonly tags: readonly [string, string][];
}
interface RuleRow {
  readonly bus: string;
  readonly settings: RuleSettings;
  readonly targets: readonly Target[];
  readonly tags: readonly [string, string][];
}

/** Each row is JSON that this module wrote. */
function openRows(database: DatabaseSync) {
  database.exec(
    `CREATE TABLE IF NOT EXISTS buses (name TEXT PRIMARY KEY, bus TEXT NOT NULL);
     CREATE TABLE IF NOT EXISTS rules (
       bus_name TEXT, name TEXT, rule TEXT NOT NULL, PRIMARY KEY (bus_name, name)
     )`,
  );
  const putBus = database.prepare('INSERT OR REPLACE INTO buses VALUES (?, ?)');
  const putRule = database.prepare('INSERT OR REPLACE INTO rules VALUES (?, ?, ?)');
  const dropBus = database.prepare('DELETE FROM buses WHERE name = ?');
  const dropRule = database.prepare('DELETE FROM rules WHERE bus_name = ? AND name = ?');
  return {
    buses: (): BusRow[] =>
      database
        .prepare('SELECT bus FROM buses')
        .all()
        .map(({ bus }) => JSON.parse(String(bus))),
    rules: (): RuleRow[] =>
      database
        .prepare('SELECT rule FROM rules')
        .all()
        .map(({ rule }) => JSON.parse(String(rule))),
    keepBus({ name, description, createdAtMs, tags }: Bus) {
      putBus.run(name, JSON.stringify({ name, description, createdAtMs, tags: [...tags] }));
    },
    keepRule({ busName: bus, targets, tags, ...rule }: Rule) {
      const { name, description, roleArn, eventPattern, scheduleExpression, enabled } = rule;
      const settings = { name, description, roleArn, eventPattern, scheduleExpression, enabled };
      const row = { bus, settings, targets: [...targets.values()], tags: [...tags] };
      putRule.run(bus, name, JSON.stringify(row));
    },
    dropBus: (name: string) => void dropBus.run(name),
    dropRule: (bus: string, name: string) => void dropRule.run(bus, name),
  };
}
