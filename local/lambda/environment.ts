/** What Lambda adds to a function's environment. */
import { devNull } from 'node:os';
import { handlerOf, type LambdaFunction } from './function.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html (defined runtime variables) */
export function environmentOf(
  fn: LambdaFunction,
  { endpoint, region }: { endpoint: string; region: string },
): Record<string, string> {
  return {
    ...fn.environment,
    _HANDLER: handlerOf(fn),
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMiB),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: fn.name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: endpoint,
    // Lambda has no profile files. Without these the SDK would read the developer's own ~/.aws.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}
