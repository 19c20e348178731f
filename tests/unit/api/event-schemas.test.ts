/** The published schemas of webhooks are those of the events that are sent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { refusedMessage } from '../../../domain/dead-letter/dead-letter.ts';
import { rejectionOf } from '../../../domain/dead-letter/rejection.ts';
import { problem } from '../../../domain/errors.ts';
import { newGroup } from '../../../domain/group/group.ts';
import { JobState } from '../../../domain/job/job.ts';
import {
  budgetEvent,
  disabledEvent,
  groupFinishedEvent,
  lifecycleEvent,
  pingEvent,
  progressEvent,
  type TenantEvent,
  WEBHOOK_EVENTS,
} from '../../../domain/webhook/notification.ts';
import { bodyOf } from '../../../domain/webhook/payload.ts';
import { asyncApiText, eventSchemasText, exampleOf } from '../../../tools/schemas.ts';
import { documentText } from '../../support/document.ts';
import { jobIn, NOW } from '../../support/jobs.ts';

const docs = join(import.meta.dirname, '../../../docs');
const text = readFileSync(join(docs, 'events.schema.json'), 'utf8');
const ajv = new Ajv2020({ strict: false });
// Its types are those of a CommonJS module.
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema({ ...JSON.parse(text), $id: 'events' });
const misfit = (type: string, body: unknown) => {
  const validate = ajv.compile({ $ref: `events#/$defs/${type}` });
  return validate(body) ? undefined : ajv.errorsText(validate.errors);
};

it('docs/events.schema.json and docs/asyncapi.json are fresh: `npm run docs` would not change them', () => {
  expect(text).toBe(eventSchemasText());
  expect(readFileSync(join(docs, 'asyncapi.json'), 'utf8')).toBe(asyncApiText());
});

const failure = { class: 'app_error', code: 'exit_code', message: 'It failed.', exitCode: 1 } as const;
const endpoint = {
  tenantId: 'acme',
  endpointId: 'whe_7c1d2e3f4a5b6c7d',
  disabled: { reason: 'gone', atMs: NOW },
};
const running = jobIn('running', { progress: { done: 3, total: 9, at: NOW }, progressVersion: 3 });

/** Every event that code of ours makes for webhooks. */
const sent: TenantEvent[] = [
  ...JobState.options.map((state) => lifecycleEvent(jobIn(state, { version: 4, stateVersion: 4 }))),
  lifecycleEvent(jobIn('waiting', { version: 1 })),
  lifecycleEvent(jobIn('failed', { version: 4, failure, startedAt: NOW, finishedAt: NOW + 1 })),
  lifecycleEvent(jobIn('succeeded', { version: 4, result: { inline: { rows: [1, null, 'x'] } } })),
  ...progressEvent(running),
  ...rejectionOf(
    { id: 'm-1', body: JSON.stringify({ tenantId: 'acme', jobType: 'report.render' }), sentAtMs: NOW },
    refusedMessage(
      { id: 'm-1', body: '{"tenantId":"acme"}', attributes: {} },
      problem('field_unknown', '/x', 'No such field.'),
      NOW,
    ),
  ),
  groupFinishedEvent(newGroup({ tenantId: 'acme', groupId: 'night' }, NOW), {
    round: 1,
    at: NOW,
    redrives: 0,
    tally: { succeeded: 1, failed: 1, cancelled: 0, expired: 0, missing: 0 },
  }),
  // It reads no more of a sum, and of an endpoint, than that.
  ...budgetEvent('acme', {
    month: '2026-01',
    untilMs: NOW,
    reached: { standing: 'warned', atMs: NOW, usdMicro: 80_000_000, usdPerMonth: 100, action: 'hold' },
  } as Parameters<typeof budgetEvent>[1]),
  ...disabledEvent(endpoint as Parameters<typeof disabledEvent>[0]),
  pingEvent(endpoint, 'ping_1', NOW),
];

describe.each(WEBHOOK_EVENTS)('%s', (type) => {
  it('is sent as its schema says, and tells nothing that is for operators', () => {
    const events = sent.filter((event) => event.type === type);
    expect(events).not.toEqual([]);
    for (const event of events) {
      const body = JSON.parse(bodyOf(event, 'msg_1', 'standard'));
      expect(misfit(type, body)).toBeUndefined();
      for (const name of ['runId', 'usd', 'usdPerMonth']) expect(body.data).not.toHaveProperty(name);
    }
  });

  it('has an example that fits, and no other event does', () => {
    const example = exampleOf(type);
    expect(misfit(type, example)).toBeUndefined();
    expect(misfit(type, { ...example, type: 'job.other' })).toBeDefined();
    expect(misfit(type, { ...example, data: {} })).toBeDefined();
    // A later version may tell more.
    expect(
      misfit(type, { ...example, more: 1, data: { ...Object(example['data']), more: 1 } }),
    ).toBeUndefined();
  });
});

test('the document of the API, which a stack serves, has each event with the same example', () => {
  const { webhooks } = JSON.parse(documentText);
  expect(Object.keys(webhooks)).toEqual([...WEBHOOK_EVENTS]);
  for (const type of WEBHOOK_EVENTS) {
    const { schema, example } = webhooks[type].post.requestBody.content['application/json'];
    expect(example).toEqual(exampleOf(type));
    expect(schema.properties.type).toEqual({ type: 'string', const: type });
  }
});
