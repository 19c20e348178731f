import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { startCloud } from '../../../local/cloud.ts';

jest.setTimeout(60_000);

const root = join(import.meta.dirname, '../../..');
const template = join(root, '.serverless/cloudformation-template-update-stack.json');

// `npm test` builds before it tests; without a build there is nothing to load.
const ifBuilt = existsSync(template) ? test : test.skip;

ifBuilt('the packaged stack of this repository runs here as it would be deployed', async () => {
  const cloud = await startCloud({
    template,
    bundles: join(root, '.esbuild/.build'),
    images: { WorkerRepository: join(root, 'worker') },
  });
  try {
    expect(cloud.outputs).toMatchObject({
      FrontQueueUrl: expect.stringContaining(cloud.endpoint),
      StandardJobQueueArn: expect.stringMatching(/^arn:aws:batch:/),
      JobsTableName: expect.any(String),
    });
    expect(cloud.batch.activity()).toEqual({ queued: 0, running: 0, undelivered: 0 });
  } finally {
    await cloud.close();
  }
});
