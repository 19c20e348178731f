/** The tenants' receivers: they answer, are busy, or are not reached, and check what they are sent. */
import { createHmac, createSecretKey } from 'node:crypto';
import type { PostOutcome } from '../../domain/webhook/delivery.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { Post, Webhooks } from '../../io/http/post.ts';
import { type Run, reach } from './faults.ts';
import { secretOf } from './lambdas.ts';
import type { Process } from './world.ts';

export interface Receivers {
  readonly endpoints: readonly Endpoint[];
  /** The sealed key that the receiver of an endpoint verifies with. */
  keyOf(endpointId: string): string;
  /** Addresses whose owner wants no further webhooks. */
  readonly gone: ReadonlySet<string>;
  onWebhook(webhookId: string, body: string): void;
  /** Gathers `jobId type endpointId`, or `group:name round endpointId`, of each webhook that was answered with 2xx. */
  readonly notified: Set<string>;
}

export function receiver(
  run: Run,
  process: Process,
  { endpoints, keyOf, gone, onWebhook, notified }: Receivers,
): Webhooks {
  const { world, faults } = run;
  const receive = ({ url, headers, body }: Post): PostOutcome => {
    const { type, data } = JSON.parse(body);
    run.note(process.name, () => `POST ${type} ${data.sequence} to ${url}`, data.jobId);
    const endpoint = endpoints.find((candidate) => candidate.url === url);
    if (endpoint?.tenantId !== data.tenantId)
      run.violate('I13', `${url} is told of ${data.tenantId}`, data.jobId);
    const { endpointId = '' } = endpoint ?? {};
    if (!isSigned(headers, body, secretOf(endpointId, keyOf(endpointId))))
      run.violate('I11', `${url} cannot verify a webhook`, data.jobId);
    if (data.metadata?.of !== undefined && !['', data.idempotencyKey].includes(data.metadata.of))
      run.violate('R11', `${url} is told the metadata of ${data.metadata.of}`, data.jobId);
    onWebhook(headers['webhook-id'] ?? '', body);
    if (gone.has(url)) return { kind: 'answered', status: 410, ms: 40 };
    if (run.strikes('receivers.busy', faults)) return { kind: 'answered', status: 503, ms: 40 };
    const what = type === 'group.finished' ? `group:${data.group} ${data.sequence}` : `${data.jobId} ${type}`;
    notified.add(`${what} ${endpoint?.endpointId}`);
    return { kind: 'answered', status: 200, ms: 40 };
  };
  return {
    async post(post) {
      const nextTryAt = process.nextTries.get(post.headers['webhook-id'] ?? '') ?? 0;
      if (nextTryAt > world.nowMs() + process.skewMs)
        run.violate('2.8', `${process.name} tries ${post.url} before the time that it has read`);
      const jobId = () => String(JSON.parse(post.body).data.jobId);
      try {
        return await reach(run, process, { site: 'webhook', jobId, never: ['again', 'ghost'] }, () =>
          receive(post),
        );
      } catch {
        if (run.strikes('receivers.unresolved', faults)) return { kind: 'unsent', why: 'dns_failed' };
        return { kind: 'failed', why: world.nowMs() % 2 === 0 ? 'timeout' : 'connection_reset', ms: 900 };
      }
    },
  };
}

/** By the words of the specification, and not by the code that signs. */
function isSigned(headers: Post['headers'], body: string, secret: string): boolean {
  const key = createSecretKey(secret.slice('whsec_'.length), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const signature = createHmac('sha256', key).update(signed).digest('base64');
  return headers['webhook-signature']?.split(' ').includes(`v1,${signature}`) === true;
}
