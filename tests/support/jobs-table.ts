/** The jobs table in an embedded DynamoDB of its own, with its keys and indexes as resources/tables.yml has them. */
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { systemChance } from '../../io/clock.ts';
import { table } from '../../io/table.ts';
import { template } from './template.ts';

export const TABLE = 'jobs';

const Properties = z.looseObject({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
  GlobalSecondaryIndexes: z.array(
    z.object({
      IndexName: z.string(),
      KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
      Projection: z.object({ ProjectionType: z.enum(['KEYS_ONLY', 'ALL']) }),
    }),
  ),
});

export async function createJobsTable(client: DynamoDBClient) {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = Properties.parse(
    template.Resources['JobsTable']?.Properties,
  );
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes,
    }),
  );
  const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return table(db, TABLE, systemChance);
}
