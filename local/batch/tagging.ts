/** Tags of every kind of resource, which the API reads and changes by ARN alone. */
import * as z from 'zod';
import { MAX_TAGS } from '../tags.ts';
import type { Definitions } from './definitions/definitions.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Resources } from './queues/resources.ts';
import { type Body, parse, refusal, Tags } from './request.ts';

type TagMap = Record<string, string>;

interface Tagged {
  readonly tags: TagMap;
  readonly save: (tags: TagMap) => void;
}

export interface TaggingParts {
  readonly resources: Resources;
  readonly definitions: Definitions;
  readonly jobs: Jobs;
}

const TagRequest = z.strictObject({ tags: Tags });
/** One key in a query string is a string, several are a list. */
const UntagRequest = z.strictObject({
  tagKeys: z.union([z.string().transform((key) => [key]), z.array(z.string()).min(1).max(MAX_TAGS)]),
});

/**
 * ListTagsForResource (GET), TagResource (POST) and UntagResource (DELETE) of one ARN.
 * @param body for DELETE the parsed query parameters
 */
export function tagging(parts: TaggingParts, method: string, arn: string, body: Body): unknown {
  const tagged = find(parts, arn);
  if (!tagged) throw refusal(`Resource ${arn} does not exist`);
  switch (method) {
    case 'GET':
      return { tags: tagged.tags };
    case 'POST':
      tagged.save(parse(Tags, { ...tagged.tags, ...parse(TagRequest, body).tags }));
      return {};
    case 'DELETE': {
      const { tagKeys } = parse(UntagRequest, body);
      tagged.save(Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !tagKeys.includes(key))));
      return {};
    }
    default:
      throw refusal(`not implemented here: ${method} tags`);
  }
}

/** Children of an array carry no tags (API reference, TagResource). */
function find({ resources, definitions, jobs }: TaggingParts, arn: string): Tagged | undefined {
  const [, , , , , path = ''] = arn.split(':');
  const name = arn.slice(arn.indexOf('/') + 1);
  switch (path.split('/')[0]) {
    case 'job-queue': {
      const found = resources.queue(arn);
      return found && { tags: found.tags, save: (tags) => resources.putQueue({ ...found, tags }) };
    }
    case 'compute-environment': {
      const found = resources.environment(arn);
      return found && { tags: found.tags, save: (tags) => resources.putEnvironment({ ...found, tags }) };
    }
    case 'scheduling-policy': {
      const found = resources.policy(arn);
      return found && { tags: found.tags, save: (tags) => resources.putPolicy({ ...found, tags }) };
    }
    case 'consumable-resource': {
      const found = resources.consumable(arn);
      return found && { tags: found.tags, save: (tags) => resources.putConsumable({ ...found, tags }) };
    }
    case 'job-definition': {
      const found = definitions.find(arn);
      return found && { tags: found.tags, save: (tags) => definitions.save({ ...found, tags }) };
    }
    case 'job': {
      const found = jobs.get(name);
      if (found?.array?.role === 'child') return undefined;
      return found && { tags: found.tags, save: (tags) => jobs.save({ ...found, tags }) };
    }
    default:
      return undefined;
  }
}
