/** EventBridge: events for the targets of all matching rules, and scheduled rules. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { ACCOUNT_ID, ApiError, type ApiRequest, type ApiResponse, type AwsEvent } from '../aws.ts';
import type { Actions } from './actions.ts';
import { busActions } from './buses.ts';
import { type Destinations, deliver } from './delivery.ts';
import { compilePattern } from './pattern.ts';
import { busName, openRegistry, parsePattern, type Rule } from './registry.ts';
import { type Entry, PutEvents, parse, TestEventPattern } from './requests.ts';
import { ruleActions } from './rules.ts';
import { tagActions } from './tags.ts';
import { targetActions } from './targets.ts';

export interface EventBridgeOptions extends Destinations {
  /** Keeps the buses, rules and targets that API calls make. */
  readonly database: DatabaseSync;
  readonly region: string;
  /** With `onAdvance`, scheduled rules are checked at once when the clock is moved, not only at the next second. */
  readonly clock: { now(): number; onAdvance?(listener: () => void): () => void };
}

export interface EventBridge {
  /** Answers `AWSEvents.*` calls. A refusal is an answer, too (`__type`); only a fault of our own rejects. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /**
   * A call of the stack. What it makes is not kept, since it is made again at each start.
   * @throws ApiError, a refusal
   */
  declare(operation: string, input: object): void;
  /**
   * Accepts an event as AWS's own services put it, with `aws.*` sources. Resolves when each matching target has the
   * event, or its dead-letter queue has, or the loss was reported.
   *
   * @param bus name or ARN; the default bus when absent. An event for an unknown bus is reported and lost
   */
  publish(event: AwsEvent, bus?: string): Promise<void>;
  /** Scheduled rules fire from now on. */
  start(): void;
  /** Stops the schedules, ends retries and waits a moment for deliveries under way. */
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 1000;
const CLOSE_WAIT_MS = 2000;

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MOST_BYTES = 1024 * 1024;

export function createEventBridge(options: EventBridgeOptions): EventBridge {
  const { region, clock, report } = options;
  const registry = openRegistry({ region, database: options.database, now: () => clock.now() });
  const closing = new AbortController();
  const delivering = new Set<Promise<unknown>>();
  let stop = (): void => undefined;

  const toTargets = (rule: Rule, event: AwsEvent): Promise<void>[] =>
    [...rule.targets.values()].map((target) => {
      const route = { rule, target, receivedAtMs: clock.now() };
      const delivery = deliver(event, route, options, closing.signal);
      delivering.add(delivery);
      return delivery.finally(() => delivering.delete(delivery));
    });

  async function publish(event: AwsEvent, bus?: string): Promise<void> {
    const rules = registry.buses.get(busName(bus))?.rules;
    // AWS accepts such an event and drops it silently.
    // @see https://github.com/aws/aws-cli/issues/9186
    if (!rules) report(`EventBridge dropped event ${event.id}: there is no event bus ${bus}.`);
    const wanted = [...(rules?.values() ?? [])].filter((rule) => rule.enabled && rule.matches(event));
    await Promise.all(wanted.flatMap((rule) => toTargets(rule, event)));
  }

  function fireDueRules(): void {
    const nowMs = clock.now();
    for (const rule of registry.bus('default').rules.values()) {
      if (!rule.enabled || rule.dueAtMs === undefined || rule.dueAtMs > nowMs) continue;
      // Once for all that were missed: a clock that is moved by an hour does not make sixty events.
      rule.dueAtMs = rule.schedule?.(nowMs, rule.dueAtMs);
      toTargets(rule, scheduledEvent(rule, region, nowMs));
    }
  }

  const actions: Actions = {
    ...busActions(registry),
    ...ruleActions(registry, () => clock.now()),
    ...targetActions(registry),
    ...tagActions(registry),
    PutEvents: (body) => putEvents(parse(PutEvents, body).Entries, options, publish),
    TestEventPattern: (body) => testPattern(body),
  };

  return {
    async handle({ headers, body }) {
      const action = (headers['x-amz-target'] ?? '').replace(/^AWSEvents\./, '');
      const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
      try {
        if (!act)
          throw new ApiError('UnknownOperationException', `not implemented here: EventBridge ${action}`);
        return reply(200, await act(body, { declared: false }));
      } catch (error) {
        if (error instanceof ApiError)
          return reply(error.status, { __type: error.name, message: error.message });
        throw error;
      }
    },
    declare: (operation, input) => void actions[operation]?.(input, { declared: true }),
    publish,
    start() {
      const timer = setInterval(fireDueRules, LOOK_EVERY_MS);
      const deafen = clock.onAdvance?.(fireDueRules);
      stop = () => {
        clearInterval(timer);
        deafen?.();
      };
    },
    async close() {
      stop();
      closing.abort();
      const enough = new Promise((resolve) => setTimeout(resolve, CLOSE_WAIT_MS).unref());
      await Promise.race([Promise.allSettled(delivering), enough]);
    },
  };
}

function reply(status: number, body: unknown): ApiResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html */
function scheduledEvent(rule: Rule, region: string, nowMs: number): AwsEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT_ID,
    time: wholeSeconds(nowMs),
    region,
    resources: [rule.arn],
    detail: {},
  };
}

async function putEvents(
  entries: readonly Entry[],
  { region, clock }: EventBridgeOptions,
  publish: EventBridge['publish'],
): Promise<object> {
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > MOST_BYTES) {
    throw new ApiError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  const nowMs = clock.now();
  const results = entries.map(async (entry) => {
    const problem = problemOf(entry);
    if (problem) return problem;
    const { Source = '', DetailType = '', Detail = '', Resources, Time } = entry;
    const id = randomUUID();
    const event: AwsEvent = {
      version: '0',
      id,
      'detail-type': DetailType,
      source: Source,
      account: ACCOUNT_ID,
      time: wholeSeconds(Time === undefined ? nowMs : Time * 1000),
      region,
      resources: Resources,
      detail: JSON.parse(Detail),
    };
    await publish(event, entry.EventBusName);
    return { EventId: id };
  });
  const Entries = await Promise.all(results);
  return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
}

function problemOf(entry: Entry): { ErrorCode: string; ErrorMessage: string } | undefined {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name]) continue;
    const ErrorMessage = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage };
  }
  const { Source = '', DetailType = '', Detail = '' } = entry;
  if (Source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (DetailType.length > 128) {
    const ErrorMessage = 'Parameter DetailType is not valid. Reason: it is longer than 128 characters.';
    return { ErrorCode: 'InvalidArgument', ErrorMessage };
  }
  if (!parseObject(Detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return undefined;
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
function sizeOf({ Time, Source = '', DetailType = '', Detail = '', Resources }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html */
const EVENT_FIELDS = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

function testPattern(body: unknown): object {
  const { EventPattern, Event } = parse(TestEventPattern, body);
  const matches = compilePattern(parsePattern(EventPattern));
  const event = parseObject(Event);
  if (!event)
    throw new ApiError('ValidationException', 'Parameter Event is not valid. Reason: it is no JSON object');
  const absent = EVENT_FIELDS.find((name) => !Object.hasOwn(event, name));
  if (absent !== undefined)
    throw new ApiError('ValidationException', `Parameter Event is not valid. Reason: it has no ${absent}`);
  return { Result: matches(event) };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function wholeSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
