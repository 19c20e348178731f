/** The thread of bench/submissions.ts that calls: as many SubmitJob as it is told, some at a time. */
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';

const { endpoint } = z.object({ endpoint: z.string() }).parse(workerData);
const CONCURRENT = 16;
const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT });
const headers = {
  authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/batch/aws4_request',
  'content-type': 'application/json',
};

function submit(): Promise<void> {
  const body = JSON.stringify({
    jobName: 'bench',
    jobQueue: 'bench',
    jobDefinition: 'bench',
    containerOverrides: { environment: [{ name: 'TASK', value: '1' }] },
    retryStrategy: { attempts: 1 },
    tags: { tenant: 'acme' },
  });
  return new Promise((resolve, reject) => {
    const call = request(new URL('/v1/submitjob', endpoint), { agent, method: 'POST', headers }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) answer.once('end', resolve);
      else reject(new Error(`SubmitJob answered ${answer.statusCode}`));
    });
    call.once('error', reject);
    call.end(body);
  });
}

parentPort?.on('message', async (count: number) => {
  let left = count;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await submit();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, caller));
  parentPort?.postMessage('done');
});
