/** Lambda as an executor: one asynchronous invocation for each attempt. */
import { InvokeCommand, type LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { classifyRefusal } from '../../domain/batch/refusal.ts';
import type { RunRequest } from '../../domain/batch/submission.ts';
import { functionRunId } from '../../domain/executor/executor.ts';
import { errorName } from '../process/log.ts';
import type { SubmitOutcome } from './batch.ts';

export interface FunctionsPort {
  start(request: RunRequest): Promise<SubmitOutcome>;
}

/** @param client must not repeat a call by itself: each is another run */
export function functionsPort(client: LambdaClient): FunctionsPort {
  return {
    async start({ functionName, tenantId, payload }) {
      try {
        const { $metadata } = await client.send(
          new InvokeCommand({
            FunctionName: functionName,
            InvocationType: 'Event',
            TenantId: tenantId,
            Payload: JSON.stringify(payload),
          }),
        );
        return { kind: 'accepted', runId: functionRunId($metadata.requestId ?? 'unknown') };
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        const status = error instanceof LambdaServiceException ? error.$metadata.httpStatusCode : undefined;
        return classifyRefusal({ name: status === undefined ? errorName(error) : name, status, message });
      }
    },
  };
}
