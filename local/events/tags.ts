/** The tags of buses and rules. */
import { ApiError } from '../aws.ts';
import { MAX_TAGS } from '../tags.ts';
import { type Actions, invalid } from './actions.ts';
import type { Bus, Registry, Rule } from './registry.ts';
import { ListTagsForResource, parse, TagResource, tagsFrom, UntagResource } from './requests.ts';

export function tagActions({ buses, keepBus, keepRule }: Registry): Actions {
  const resourceOf = (arn: string): Bus | Rule => {
    const all = [...buses.values()].flatMap((bus) => [bus, ...bus.rules.values()]);
    const found = all.find((one) => one.arn === arn);
    if (found !== undefined) return found;
    throw new ApiError('ResourceNotFoundException', `Resource ${arn} does not exist.`);
  };
  const keep = (resource: Bus | Rule) => ('rules' in resource ? keepBus(resource) : keepRule(resource));
  return {
    TagResource(body) {
      const { ResourceARN, Tags } = parse(TagResource, body);
      const resource = resourceOf(ResourceARN);
      const added = tagsFrom(Tags);
      if (new Set([...resource.tags.keys(), ...added.keys()]).size > MAX_TAGS)
        throw invalid(`A resource has at most ${MAX_TAGS} tags.`);
      for (const [key, value] of added) resource.tags.set(key, value);
      keep(resource);
      return {};
    },
    UntagResource(body) {
      const { ResourceARN, TagKeys } = parse(UntagResource, body);
      const resource = resourceOf(ResourceARN);
      for (const key of TagKeys) resource.tags.delete(key);
      keep(resource);
      return {};
    },
    ListTagsForResource(body) {
      const { tags } = resourceOf(parse(ListTagsForResource, body).ResourceARN);
      return { Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) };
    },
  };
}
