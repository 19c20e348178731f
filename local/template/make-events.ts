import { nameOf } from './identities.ts';
import type { Maker } from './maker.ts';

const makeBus: Maker = async ({ logicalId, properties }, { events }, stack) => {
  const { Description } = properties;
  events.declare('CreateEventBus', { Name: stack.identity(logicalId).ref, Description });
};

const makeRule: Maker = async (resource, { events }, stack) => {
  const { Description, EventBusName, EventPattern, ScheduleExpression, State, Targets } = resource.properties;
  const Name = nameOf(resource, stack.site, 'Name');
  events.declare('PutRule', {
    Name,
    Description,
    EventBusName,
    // A template has the pattern as an object, the API accepts text.
    EventPattern: typeof EventPattern === 'object' ? JSON.stringify(EventPattern) : EventPattern,
    ScheduleExpression,
    State,
  });
  if (Targets !== undefined) events.declare('PutTargets', { Rule: Name, EventBusName, Targets });
};

export const eventMakers: Readonly<Record<string, Maker>> = {
  'AWS::Events::EventBus': makeBus,
  'AWS::Events::Rule': makeRule,
};
