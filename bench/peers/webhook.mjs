/** The same end of a job for each peer: a signed POST, as Standard Webhooks has it, and a count of those that were taken. */
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

/** The packages of the peers are installed apart from the product's. */
export const packageOf = createRequire(`${process.env.PEERS}/package.json`);
export const STORE = process.env.STORE;
export const JOBS = Number(process.env.JOBS);

let delivered = 0;

/** Throws when the receiver does not take it, so that the queue tries again. */
export async function deliver(jobId) {
  const body = JSON.stringify({ type: 'job.succeeded', data: { jobId, result: { rows: 3 } } });
  const at = Math.floor(Date.now() / 1000);
  const signed = createHmac('sha256', process.env.KEY).update(`${jobId}.${at}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'webhook-id': jobId,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${signed}`,
  };
  const answer = await fetch(process.env.RECEIVER, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  delivered += 1;
}

export const input = (i) => ({ id: `job-${i}`, text: 'x'.repeat(300) });

export async function allDelivered() {
  while (delivered < JOBS) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Runs from the first job that is sent to the last webhook that is taken. */
export async function measured(work) {
  const startedAt = performance.now();
  await work();
  await allDelivered();
  process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - startedAt) / 1000 })}\n`);
}
