/** `npm run docs` writes docs/message.schema.json with this: the message of the front queue as JSON Schema. */
import * as z from 'zod';
import { CancelRequest, JobRequest } from '../domain/request/request.ts';

const asSchema = (schema: z.ZodType) => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
  });
  return rest;
};

export function messageSchemaText(): string {
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A message of the front queue',
    description:
      'A job, or the end of one. Of a job exactly one of input and inputRef, and at most one of runAt and delaySeconds, is given; tags are at most 10, and metadata has at most 4,096 bytes.',
    examples: [
      {
        specVersion: '1',
        tenantId: 'acme',
        jobType: 'csv.summarise',
        idempotencyKey: 'report-42',
        input: { csv: 's3://jobs/tenants/acme/inputs/sales.csv' },
      },
      { specVersion: '1', action: 'job.cancel', tenantId: 'acme', idempotencyKey: 'report-42' },
    ],
    anyOf: [asSchema(JobRequest), asSchema(CancelRequest)],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
