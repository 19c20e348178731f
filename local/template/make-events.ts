import { nameOf } from './identities.ts';
import type { Maker } from './maker.ts';

/** Buses and rules are kept in memory and made again at each start. */
const makeBus: Maker = async ({ logicalId, properties }, { call }, stack) => {
  const { Description } = properties;
  await call('events', 'CreateEventBus', { Name: stack.identity(logicalId).ref, Description });
};

const makeRule: Maker = async (resource, { call }, stack) => {
  const { Description, EventBusName, EventPattern, ScheduleExpression, State, Targets } = resource.properties;
  const Name = nameOf(resource, stack.site, 'Name');
  await call('events', 'PutRule', {
    Name,
    Description,
    EventBusName,
    // A template has the pattern as an object, the API accepts text.
    EventPattern: typeof EventPattern === 'object' ? JSON.stringify(EventPattern) : EventPattern,
    ScheduleExpression,
    State,
  });
  if (Targets !== undefined) await call('events', 'PutTargets', { Rule: Name, EventBusName, Targets });
};

export const eventMakers: Readonly<Record<string, Maker>> = {
  'AWS::Events::EventBus': makeBus,
  'AWS::Events::Rule': makeRule,
};
