/**
 * In place of the SDK's chain of credential providers, which functions bundle and never use: it looks in files, at a
 * metadata service and at single sign-on, in 100 KB. Lambda gives a function's credentials in its environment.
 *
 * @see AWS Lambda developer guide, "Defined runtime environment variables"
 */
import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = (): ReturnType<typeof fromEnv> => fromEnv();
