/** The delivery rows: one for each event owed to each endpoint, under its job. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Delivery } from '../domain/delivery.ts';

export type DeliveryName = Pick<Delivery, 'jobId' | 'sequence' | 'endpointId'>;

export interface DeliveryStore {
  get(name: DeliveryName): Promise<Delivery | undefined>;
  /** Records the outcome of a try. `lost` means another try was recorded meanwhile. */
  record(delivery: Delivery): Promise<'written' | 'lost'>;
}

export function deliveryStore(db: DynamoDBDocumentClient, tableName: string): DeliveryStore {
  return {
    async get(name) {
      const { Item } = await db.send(
        new GetCommand({ TableName: tableName, Key: deliveryKey(name), ConsistentRead: true }),
      );
      return Item === undefined ? undefined : Delivery.parse(Item);
    },

    async record(delivery) {
      try {
        await db.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...deliveryKey(delivery), ...delivery },
            // Twice: the row then has this many tries already. A delivered row is never made pending again.
            ConditionExpression: 'attribute_not_exists(pk) OR (tries < :tries AND #status = :pending)',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':tries': delivery.tries, ':pending': 'pending' },
          }),
        );
        return 'written';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'lost';
        throw error;
      }
    },
  };
}

function deliveryKey({ jobId, sequence, endpointId }: DeliveryName): { pk: string; sk: string } {
  return { pk: `JOB#${jobId}`, sk: `DELIVERY#${String(sequence).padStart(6, '0')}#${endpointId}` };
}
