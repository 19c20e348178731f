/** Tags, as every service restricts them. @see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
import * as z from 'zod';

export const MAX_TAGS = 50;

export const TagKey = z
  .string()
  .min(1)
  .max(128)
  .refine((key) => !/^aws:/i.test(key), 'keys that begin with aws: are reserved');
export const TagValue = z.string().max(256);

/** As a map, which Batch and SQS take. */
export const TagMap = z
  .record(TagKey, TagValue)
  .refine((tags) => Object.keys(tags).length <= MAX_TAGS, `takes at most ${MAX_TAGS} tags`);
