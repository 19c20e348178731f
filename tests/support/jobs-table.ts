/** The jobs table in a DynamoDB of the tests, with its keys and indexes as resources/tables.yml has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { parse } from 'yaml';
import * as z from 'zod';
import { systemRandom } from '../../io/process/random.ts';
import { table } from '../../io/table/table.ts';

export const TABLE = 'jobs';

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const Resources = z.object({
  Resources: z.object({
    JobsTable: z.object({
      Properties: z.object({
        BillingMode: z.literal('PAY_PER_REQUEST'),
        AttributeDefinitions: z.array(
          z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
        ),
        KeySchema,
        GlobalSecondaryIndexes: z.array(
          z.object({
            IndexName: z.string(),
            KeySchema,
            Projection: z.object({ ProjectionType: z.enum(['KEYS_ONLY', 'ALL']) }),
          }),
        ),
      }),
    }),
  }),
});

/** From the source and not from the packaged template, so that tests of the table need no build. */
function declaredTable() {
  const text = readFileSync(join(import.meta.dirname, '../../resources/tables.yml'), 'utf8');
  // Tags such as !Ref stand elsewhere in the file and would each be warned of.
  return Resources.parse(parse(text, { logLevel: 'error' })).Resources.JobsTable.Properties;
}

/** What CreateTable is asked; CloudFormation and the API spell these properties alike. */
export const jobsTable = (TableName: string): CreateTableCommandInput => ({ TableName, ...declaredTable() });

export async function createJobsTable(client: DynamoDBClient) {
  await client.send(new CreateTableCommand(jobsTable(TABLE)));
  const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return table(db, TABLE, systemRandom);
}
