/** Entry of a worker thread: imports one function's bundle and answers one call at a time. */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { followClock } from '../clock.ts';
import { type Call, type FromThread, handlerOf, type ThreadSetup } from './function.ts';

const setup: ThreadSetup = workerData;
// Before the import: a bundle may read the time while it loads.
followClock(setup.clock);

const bundle: Readonly<Record<string, unknown>> = await import(pathToFileURL(setup.bundle).href);
const handler = bundle[setup.exportName];
if (typeof handler !== 'function') throw new Error(`${handlerOf(setup)} is undefined or not exported`);

const tell = (message: FromThread): void => parentPort?.postMessage(message);

parentPort?.on('message', async ({ requestId, payload }: Call) => {
  try {
    const answer: unknown = await handler(JSON.parse(payload), contextFor(requestId));
    tell({ kind: 'returned', payload: JSON.stringify(answer) ?? 'null' });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const [errorType, errorMessage] = [error.name, error.message];
    const trace = error.stack?.split('\n');
    process.stderr.write(
      `${requestId} ERROR Invoke Error ${JSON.stringify({ errorType, errorMessage, trace })}\n`,
    );
    tell({ kind: 'threw', errorType, errorMessage });
  }
});
tell({ kind: 'ready' });

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextFor(requestId: string): object {
  // Not Date: turning the clock must not use up the time a function has left.
  const deadline = performance.now() + setup.timeoutSeconds * 1000;
  return {
    functionName: setup.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: setup.arn,
    memoryLimitInMB: String(setup.memoryMiB),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${setup.name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
  };
}
