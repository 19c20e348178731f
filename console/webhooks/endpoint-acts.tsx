/** What an operator can do with an endpoint, and with what was sent to it. */
import { call } from '../api/call.ts';
import type { DeliverySummary, Endpoint } from '../api/schema.ts';
import { OnAll } from '../operations/on-all.tsx';
import { type Delivered, replayOf } from '../operations/start.ts';
import { Act, type ActProps, then } from '../parts/act.tsx';

export function EndpointActs({ endpoint: { tenantId, id, disabled } }: { endpoint: Endpoint }) {
  const where = { path: { endpointId: id }, query: { tenant: tenantId } };
  const ping: ActProps = {
    label: 'Ping…',
    title: 'Ping this endpoint',
    will: 'An event of its own, endpoint.ping, is sent to it now, signed like any other.',
    confirm: 'Send it',
    run: () =>
      then(
        call('post /v1/endpoints/{endpointId}/ping', where),
        'It is on its way, and is in the list when it was tried.',
      ),
  };
  const disable: ActProps = {
    label: 'Disable…',
    title: 'Disable this endpoint',
    will: 'Nothing more is sent to it. Its webhooks are held, and are sent when they are replayed.',
    confirm: 'Disable it',
    reason: 'Why, for other operators',
    run: ({ reason }) =>
      then(
        call('post /v1/endpoints/{endpointId}/disable', { ...where, body: { reason } }),
        'It is disabled.',
      ),
  };
  const enable: ActProps = {
    label: 'Enable…',
    title: 'Enable this endpoint',
    will: 'Webhooks of events from now on are sent to it. Those that are held are not, until they are replayed.',
    confirm: 'Enable it',
    run: () => then(call('post /v1/endpoints/{endpointId}/enable', where), 'It is enabled.'),
  };
  const acts = disabled === undefined ? [ping, disable] : [enable];
  return acts.map((act) => <Act key={act.label} {...act} />);
}

export const replay = (tenant: string, { id: deliveryId }: Pick<DeliverySummary, 'id'>) =>
  call('post /v1/deliveries/{deliveryId}/replay', { path: { deliveryId }, query: { tenant } });

export function ReplayAll({
  endpoint,
  status,
  job,
}: {
  endpoint: Endpoint;
  status: Delivered;
  job: string | undefined;
}) {
  return (
    <OnAll
      start={replayOf(endpoint, status, job)}
      label={`Replay all ${status}…`}
      title="Send all of them again"
      will={`All webhooks of this endpoint that are ${status}, of the last 30 days. Each is sent with the same webhook-id and the same bytes, so a receiver that has it can tell.`}
      did="on their way"
    />
  );
}
