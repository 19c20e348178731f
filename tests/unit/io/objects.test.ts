/** The last wall between tenants: the worker's role reads every tenant's objects, its store opens one tenant's alone. */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ObjectUri } from '../../../domain/job/ids.ts';
import { objectStore } from '../../../io/aws/objects.ts';

const BUCKET = 'jobs';
const requests: string[] = [];
beforeEach(() => void requests.splice(0));

/** A client of a bucket that answers every request, so that only the store can refuse one. */
const client = new S3Client({
  region: 'eu-central-1',
  endpoint: 'http://s3.test',
  forcePathStyle: true,
  credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
  requestHandler: {
    handle: async ({ method, path }: { method: string; path: string }) => {
      requests.push(`${method} ${path}`);
      return { response: { statusCode: 200, headers: {}, body: Readable.from(['content']) } };
    },
  },
});
const acme = objectStore(client, BUCKET, 'acme');

const FOREIGN = [
  ['in the folder of another tenant', `s3://${BUCKET}/tenants/globex/inputs/a.csv`],
  ['in the folder of a tenant whose name begins alike', `s3://${BUCKET}/tenants/acme-2/inputs/a.csv`],
  ['outside of every folder', `s3://${BUCKET}/tenants.json`],
  ['the folder itself', `s3://${BUCKET}/tenants/acme/`],
  ['in another bucket', 's3://jobs-2/tenants/acme/inputs/a.csv'],
  ['reached by going up', `s3://${BUCKET}/tenants/acme/../globex/inputs/a.csv`],
  ['reached by going up at the end', `s3://${BUCKET}/tenants/acme/inputs/..`],
  ['written with another scheme', `S3://${BUCKET}/tenants/acme/inputs/a.csv`],
] as const;

describe('the objects of a tenant', () => {
  test('are read and written', async () => {
    expect(await text(await acme.read(`s3://${BUCKET}/tenants/acme/inputs/a.csv`))).toBe('content');
    const written = await acme.write('tenants/acme/results/r.json', '{"é":1}', 'application/json');
    expect(written).toEqual({ uri: `s3://${BUCKET}/tenants/acme/results/r.json`, bytes: 8 });
    expect(requests).toEqual([
      'GET /jobs/tenants/acme/inputs/a.csv',
      'PUT /jobs/tenants/acme/results/r.json',
    ]);
  });

  test.each([
    ['spaces', 'Q1 report.csv', 'Q1%20report.csv'],
    ['a percent sign', '100%20.csv', '100%2520.csv'],
    ['marks of an address', 'a?b#c+d&e=f.csv', 'a%3Fb%23c%2Bd%26e%3Df.csv'],
    ['quotation marks', `"it's".csv`, '%22it%27s%22.csv'],
    ['letters of any language', 'größe 寸法.csv', 'gr%C3%B6%C3%9Fe%20%E5%AF%B8%E6%B3%95.csv'],
    ['empty parts', 'a//b.csv', 'a//b.csv'],
  ])('may have %s in their key, which is sent as it is (M90)', async (_, name, sent) => {
    const uri = `s3://${BUCKET}/tenants/acme/inputs/${name}`;
    expect(ObjectUri.safeParse(uri).success).toBe(true);
    await acme.read(uri);
    expect(requests).toEqual([`GET /jobs/tenants/acme/inputs/${sent}`]);
  });

  test.each([
    ['a line end', 'a\nb'],
    ['a tab', 'a\tb'],
    ['NUL', 'a\0'],
    ['DEL', 'a\x7f'],
    ['1,025 bytes', `${'é'.repeat(512)}a`],
  ])('have no %s in their key', (_, key) => {
    expect(ObjectUri.safeParse(`s3://${BUCKET}/${key}`).success).toBe(false);
    expect(ObjectUri.safeParse(`s3://${BUCKET}/${'é'.repeat(512)}`).success).toBe(true);
  });

  test.each(FOREIGN)('do not include an address %s: S3 is not asked (F80)', async (_, uri) => {
    await expect(acme.read(uri)).rejects.toMatchObject({ name: 'ObjectMissing' });
    expect(requests).toEqual([]);
  });

  test.each([
    ['the folder of another tenant', 'tenants/globex/results/r.json'],
    ['a name that goes up', 'tenants/acme/results/job/../../../globex/r.json'],
    ['no folder', 'r.json'],
  ])('are not written under %s (F80)', async (_, key) => {
    await expect(acme.write(key, 'x', 'text/plain')).rejects.toMatchObject({ name: 'ObjectMissing' });
    expect(requests).toEqual([]);
  });
});
