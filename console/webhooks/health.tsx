/** Whether webhooks reach an endpoint, and how a delivery went: a shape, a word and a colour. */
import type { Endpoint } from '../api/schema.ts';
import { Ago } from '../parts/time.tsx';

export function Health({ endpoint: { disabled, failingSince } }: { endpoint: Endpoint }) {
  if (disabled !== undefined)
    return (
      <span class="held">
        ‖ disabled <Ago at={disabled.at} />: <bdi>{disabled.reason}</bdi>
      </span>
    );
  if (failingSince !== undefined)
    return (
      <span class="bad">
        ✕ fails, first <Ago at={failingSince} />
      </span>
    );
  return <span class="good">✓ well</span>;
}

const DELIVERY: Readonly<Record<string, readonly [string, string]>> = {
  delivered: ['✓', 'good'],
  pending: ['◌', 'held'],
  held: ['‖', 'held'],
  exhausted: ['✕', 'bad'],
  abandoned: ['✕', 'bad'],
};

export function DeliveryState({ status }: { status: string }) {
  const [mark, tone] = DELIVERY[status] ?? ['○', 'quiet'];
  return (
    <span class={`state ${tone}`}>
      <span class="mark" aria-hidden="true">
        {mark}
      </span>
      {status}
    </span>
  );
}
