/** Opens what the step that makes and ends arrays needs of the bucket. */
import { s3 } from './aws/clients.ts';
import { itemObjects } from './aws/item-objects.ts';
import { puttingOnce } from './aws/put-once.ts';
import { readEnv } from './process/env.ts';

/** The objects that have the items of arrays, and the manifests of their ends. @throws EnvironmentIncomplete */
export function arrayObjects() {
  const client = s3();
  const { BUCKET_NAME } = readEnv('BUCKET_NAME');
  return { itemObjects: itemObjects(client), manifests: { putOnce: puttingOnce(client, BUCKET_NAME) } };
}
