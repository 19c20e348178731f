/** The calls that make, list and remove event buses. */
import { ApiError } from '../aws.ts';
import { type Actions, invalid, page } from './actions.ts';
import { type Bus, busName, type Registry } from './registry.ts';
import { CreateEventBus, ListEventBuses, OneEventBus, parse, tagsFrom } from './requests.ts';

export function busActions({ buses, bus, addBus, dropBus, keepBus }: Registry): Actions {
  return {
    CreateEventBus(body, { declared }) {
      const { Name, Description, Tags } = parse(CreateEventBus, body);
      // One that an API call changed was kept, and the stack declares it again.
      if (buses.has(Name) && !declared)
        throw new ApiError('ResourceAlreadyExistsException', `Event bus ${Name} already exists.`);
      const made = buses.get(Name) ?? addBus(Name, Description);
      for (const [key, value] of tagsFrom(Tags)) made.tags.set(key, value);
      if (!declared) keepBus(made);
      return { EventBusArn: made.arn, Description };
    },
    DescribeEventBus: (body) => described(bus(parse(OneEventBus, body).Name)),
    ListEventBuses(body) {
      const request = parse(ListEventBuses, body);
      const found = [...buses.values()].filter(({ name }) => name.startsWith(request.NamePrefix ?? ''));
      const { items, NextToken } = page(found, request);
      return { EventBuses: items.map(described), NextToken };
    },
    DeleteEventBus(body) {
      const name = busName(parse(OneEventBus, body).Name);
      if (name === 'default') throw invalid('Cannot delete event bus default.');
      if (buses.get(name)?.rules.size)
        throw invalid(`Event bus ${name} cannot be deleted since it has rules.`);
      dropBus(name);
      return {};
    },
  };
}

function described(bus: Bus): object {
  const createdAt = bus.createdAtMs / 1000;
  return {
    Name: bus.name,
    Arn: bus.arn,
    Description: bus.description,
    CreationTime: createdAt,
    LastModifiedTime: createdAt,
  };
}
