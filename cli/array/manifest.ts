/** `headgate array manifest`: what has become of each item, once a round is over. */
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { stateTone } from '../job/timeline-text.ts';
import type { Span } from '../program/output.ts';
import { notFound } from '../program/stopped.ts';
import { flag, verb } from '../program/verb.ts';
import { withStack } from '../stack/stack.ts';
import { found, oneArray } from './read.ts';

/** What a person reads of a line; programs have it whole. */
const Line = z.looseObject({
  index: z.int(),
  jobId: z.string().optional(),
  status: z.string(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});

export const manifest = verb({
  ...oneArray,
  summary: 'what has become of each item in the newest round that is over',
  options: {
    ...oneArray.options,
    failed: flag('of the items alone that have not succeeded'),
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { finish } = await found(await stack.records(), values);
      if (finish?.manifest === undefined)
        throw notFound(`There is no manifest of ${values.id}: ${missingText(finish !== undefined)}.`);
      const text = await objectAt(stack.client(S3Client), finish.manifest);
      if (text === undefined)
        throw notFound(
          `There is no object at ${finish.manifest}; results are kept for the days of the bucket.`,
        );
      const all = text.trim().split('\n');
      const lines = all.map((line) => Line.parse(JSON.parse(line)));
      const shown = values.failed ? lines.filter(({ status }) => status !== 'succeeded') : lines;
      context.output.show(shown, (page) => {
        if (shown.length > 0)
          page.table(
            ['ITEM', 'STATE', 'JOB', 'WHY'],
            shown.map(({ index, status, jobId = '', failure }): Span[] => [
              String(index),
              { text: status, tone: stateTone(status) },
              jobId,
              failure === undefined ? '' : `${failure.code}: ${failure.message}`,
            ]),
          );
      });
      context.output.note(`${shown.length} of ${lines.length} items, in round ${finish.round}.`);
      return 'done';
    }),
});

const missingText = (isOver: boolean) => (isOver ? 'it has made no job' : 'no round of it is over');

async function objectAt(s3: S3Client, address: string): Promise<string | undefined> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/su.exec(address) ?? [];
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
