/** One trace of a job, from its sender to the last try of its webhook, as a collector of OpenTelemetry receives it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { BatchClient, DescribeJobsCommand } from '@aws-sdk/client-batch';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { answer, inTurn, openReceiver, type Receiver } from '../../demo/receiver.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

jest.setTimeout(180_000);

/** What the protocol asks of a span. @see https://github.com/open-telemetry/opentelemetry-proto, trace.proto */
const OtlpSpan = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: z.string().regex(/^\d{19}$/),
  endTimeUnixNano: z.string().regex(/^\d{19}$/),
  attributes: z.array(
    z.object({
      key: z.string(),
      value: z.union([z.strictObject({ stringValue: z.string() }), z.strictObject({ intValue: z.string() })]),
    }),
  ),
  status: z.object({ code: z.int(), message: z.string() }).optional(),
});
type OtlpSpan = z.infer<typeof OtlpSpan>;
const Export = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(OtlpSpan) })) })),
});

async function openCollector() {
  const spans = new Map<string, OtlpSpan>();
  const server = createServer(async (request, response) => {
    const { resourceSpans } = Export.parse(await json(request));
    for (const { scopeSpans } of resourceSpans)
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.set(span.spanId, span);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return { spans, endpoint: `http://127.0.0.1:${port}/v1/traces`, close: () => server.close() };
}

let collector: Awaited<ReturnType<typeof openCollector>>;
let receiver: Receiver;
let stack: Stack;
const opened = closedAfterAll();
beforeAll(async () => {
  collector = opened(await openCollector());
  receiver = opened(await openReceiver());
  stack = opened(
    await startStack({
      functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: receiver.origin },
      parameters: { TracesEndpoint: collector.endpoint, TraceSampling: '0' },
    }),
  );
});

it('holds the sender, the intake, each wait and attempt, and each try of the webhook', async () => {
  receiver.behave('', inTurn(answer(500), answer(204)));
  await stack.addTenant('acme', receiver.origin);
  const csv = await stack.upload('acme', 'n.csv', 'n\n1\n2\n');
  const sender = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  const body = {
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'csv.summarise',
    idempotencyKey: 'traced',
    input: { csv },
  };
  const traceparent = `00-${sender.traceId}-${sender.spanId}-01`;
  await stack.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.cloud.physicalId('FrontQueue'),
      MessageBody: JSON.stringify(body),
      MessageAttributes: { traceparent: { DataType: 'String', StringValue: traceparent } },
    }),
  );
  const job = await stack.ended('acme', 'traced');
  const tries = await until('two tries of the webhook in the trace', async () => {
    const found = [...collector.spans.values()].filter(({ name }) => name === 'webhook job.succeeded');
    return found.length === 2 ? found : undefined;
  });
  const spans = [...collector.spans.values()];
  const parentOf = ({ parentSpanId = '' }: OtlpSpan) =>
    parentSpanId === sender.spanId ? 'sender' : collector.spans.get(parentSpanId)?.name;
  const tree = spans.map((span) => `${parentOf(span)} > ${span.name}`).toSorted();
  expect(tree.filter((line) => !line.endsWith('> starting'))).toEqual([
    'attempt 1 > running',
    'job csv.summarise > attempt 1',
    'job csv.summarise > intake',
    'job csv.summarise > waiting 1',
    'job csv.summarise > webhook job.succeeded',
    'job csv.summarise > webhook job.succeeded',
    'sender > job csv.summarise',
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([sender.traceId]));
  for (const span of spans)
    expect(Number(span.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(span.startTimeUnixNano));
  expect(tries.map(({ status }) => status?.message).toSorted()).toEqual(['http_500', undefined]);

  // Each receiver is told the span that reached it: the tenant of its try, the program of its attempt.
  expect(receiver.arrivals.map(({ headers }) => headers['traceparent']).toSorted()).toEqual(
    tries.map(({ spanId }) => `00-${sender.traceId}-${spanId}-01`).toSorted(),
  );
  const attempt = spans.find(({ name }) => name === 'attempt 1');
  const { environment } = stack.cloud;
  const batch = new BatchClient({
    endpoint: environment['AWS_ENDPOINT_URL'] ?? '',
    region: environment['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [job.runId ?? ''] }));
  batch.destroy();
  expect(jobs[0]?.container?.environment).toContainEqual({
    name: 'TRACEPARENT',
    value: `00-${sender.traceId}-${attempt?.spanId}-01`,
  });
});

it('is sent of each failed job, and of no other that is not asked for', async () => {
  receiver.behave('', answer(204));
  await stack.addTenant('globex', receiver.origin);
  const csv = await stack.upload('globex', 'n.csv', 'n\n1\n');
  const request = { specVersion: '1', tenantId: 'globex', jobType: 'csv.summarise' };
  await stack.send(
    { ...request, idempotencyKey: 'fine', input: { csv } },
    { ...request, idempotencyKey: 'bad', input: { csv: csv.replace('n.csv', 'none.csv') } },
  );
  for (const key of ['fine', 'bad']) {
    const { jobId } = await stack.ended('globex', key);
    await until(`the webhook of ${key}`, async () =>
      receiver.arrivals.find(({ body }) => body.includes(jobId)),
    );
  }
  const failed = await until('the trace of the failed job', async () =>
    [...collector.spans.values()].find(
      ({ status, name }) => name === 'job csv.summarise' && status !== undefined,
    ),
  );
  expect(failed).toMatchObject({ status: { code: 2, message: 'input_not_found' } });
  expect(failed).not.toHaveProperty('parentSpanId');
  const { jobId } = await stack.ended('globex', 'fine');
  expect(JSON.stringify([...collector.spans.values()])).not.toContain(jobId);
});
