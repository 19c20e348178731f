/** What is refused over HTTP is counted like what is refused from the queue. */
import { expect, it } from '@jest/globals';
import { submitJob, submitJobs } from '../../../../application/resources/submit-job.ts';
import type { Point } from '../../../../domain/metrics/metric.ts';
import { parseSubmission } from '../../../../domain/request/request.ts';
import { useCases } from '../../../support/use-cases.ts';

function opened() {
  const { ports } = useCases({ tenants: [{ tenantId: 'acme', status: 'suspended' }] });
  const counted: Point[] = [];
  const log = {
    ...ports.log,
    info: (_event: string, _facts?: object, points: readonly Point[] = []) => void counted.push(...points),
  };
  const refusals = () =>
    counted.flatMap(({ metric, of }) => (metric.name === 'JobsRefused' ? [of?.['refusal']] : []));
  return { ports: { ...ports, log }, refusals };
}

const body = (fields: object) => JSON.stringify({ jobType: 'report.render', idempotencyKey: 'a', ...fields });
const readOf = (text: string) => parseSubmission(text, { tenantId: 'acme' });

it('a body that cannot be a job, and a job that its tenant may not start, count once each', async () => {
  const { ports, refusals } = opened();
  const submit = submitJob(ports);
  expect(await submit('req_1', readOf('{'))).toHaveProperty('kind', 'refused');
  expect(refusals()).toEqual(['invalid']);
  expect(await submit('req_2', readOf(body({ input: {} })))).toHaveProperty('kind', 'refused');
  expect(refusals()).toEqual(['invalid', 'forbidden']);
});

it('of many in one request each is counted', async () => {
  const { ports, refusals } = opened();
  const asked = [readOf('{'), readOf(body({ input: {} })), readOf(body({ colour: 'red' }))];
  const answers = await submitJobs(ports)('req_1', 'acme', asked);
  expect(answers.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
  expect(refusals().toSorted()).toEqual(['forbidden', 'invalid', 'invalid']);
});
