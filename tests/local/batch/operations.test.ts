import * as sdk from '@aws-sdk/client-batch';
import { expect, test } from '@jest/globals';
import { openRooms } from './rooms.ts';

/** Service jobs, which run on SageMaker, and the quota shares of their queues. */
const NOT_HERE = [
  'CreateQuotaShare',
  'CreateServiceEnvironment',
  'DeleteQuotaShare',
  'DeleteServiceEnvironment',
  'DescribeQuotaShare',
  'DescribeServiceEnvironments',
  'DescribeServiceJob',
  'ListQuotaShares',
  'ListServiceJobs',
  'SubmitServiceJob',
  'TerminateServiceJob',
  'TerminateServiceJobs',
  'UpdateQuotaShare',
  'UpdateServiceEnvironment',
  'UpdateServiceJob',
];
/** They have paths of their own. */
const OF_TAGS = ['ListTagsForResource', 'TagResource', 'UntagResource'];

const operations = Object.keys(sdk)
  .filter((name) => /^[A-Z].*Command$/.test(name))
  .map((name) => name.replace(/Command$/, ''))
  .filter((name) => !OF_TAGS.includes(name));

test.each(operations)('%s is here, or is refused by name', async (operation) => {
  const rooms = await openRooms();
  const path = `/v1/${operation.toLowerCase()}`;
  const answer = await rooms.api({ method: 'POST', path, headers: {}, body: {} });
  if (!NOT_HERE.includes(operation)) return expect([200, 400]).toContain(answer.status);
  expect(answer).toMatchObject({
    status: 404,
    headers: { 'x-amzn-errortype': 'UnknownOperationException' },
    body: { message: expect.stringContaining(`not implemented here: ${operation.toLowerCase()}`) },
  });
});
