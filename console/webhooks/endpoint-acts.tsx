/** What an operator can do with an endpoint, and with what was sent to it. */
import { ready } from '../api/call.ts';
import type { DeliverySummary, Endpoint } from '../api/schema.ts';
import { OnAll } from '../operations/on-all.tsx';
import { type Delivered, replayOf } from '../operations/start.ts';
import { Act, type ActProps, then, type Written } from '../parts/act.tsx';
import { Once } from '../parts/once.tsx';

export function EndpointActs({ endpoint }: { endpoint: Endpoint }) {
  const { tenantId, id, disabled } = endpoint;
  const where = { path: { endpointId: id }, query: { tenant: tenantId } };
  const ping = ready('post /v1/endpoints/{endpointId}/ping', where);
  const enable = ready('post /v1/endpoints/{endpointId}/enable', where);
  const disable = ({ reason }: Written) =>
    ready('post /v1/endpoints/{endpointId}/disable', { ...where, body: { reason } });
  const toPing: ActProps = {
    label: 'Ping…',
    title: 'Ping this endpoint',
    will: 'An event of its own, endpoint.ping, is sent to it now, signed like any other.',
    confirm: 'Send it',
    calls: () => [ping],
    run: () => then(ping.send(), 'It is on its way, and is in the list when it was tried.'),
  };
  const toDisable: ActProps = {
    label: 'Disable…',
    title: 'Disable this endpoint',
    will: 'Nothing more is sent to it. Its webhooks are held, and are sent when they are replayed.',
    confirm: 'Disable it',
    reason: 'Why, for other operators',
    calls: (written) => [disable(written)],
    run: (given) => then(disable(given).send(), 'It is disabled.'),
  };
  const toEnable: ActProps = {
    label: 'Enable…',
    title: 'Enable this endpoint',
    will: 'Webhooks of events from now on are sent to it. Those that are held are not, until they are replayed.',
    confirm: 'Enable it',
    calls: () => [enable],
    run: () => then(enable.send(), 'It is enabled.'),
  };
  const acts = disabled === undefined ? [toPing, ...secretActs(endpoint), toDisable] : [toEnable];
  return acts.map((act) => <Act key={act.label} {...act} />);
}

/** A previous secret signs beside the new one for a day, or until it is revoked. */
function secretActs({ tenantId, id, signatures }: Endpoint): readonly ActProps[] {
  const where = { path: { endpointId: id }, query: { tenant: tenantId } };
  const rotate = ready('post /v1/endpoints/{endpointId}/rotate', where);
  const revoke = ready('post /v1/endpoints/{endpointId}/revoke', where);
  const toRotate: ActProps = {
    label: 'Rotate secret…',
    title: 'Make a new secret for this endpoint',
    will: 'A new secret is made and shown once. For a day webhooks are signed with it and with the present one, so that its receiver can change over.',
    confirm: 'Make it',
    calls: () => [rotate],
    run: async () => {
      const { secrets } = (await rotate.send()).body;
      return <Once what="secret" values={secrets} />;
    },
  };
  const toRevoke: ActProps = {
    label: 'End old secret…',
    title: 'End the previous secret of this endpoint',
    will: 'From now on webhooks are signed with the new secret alone. A receiver that has not changed over refuses them; they are tried again, by the usual plan.',
    confirm: 'End it',
    calls: () => [revoke],
    run: () => then(revoke.send(), 'Webhooks are signed with the new secret alone.'),
  };
  return signatures.some(({ until }) => until !== undefined) ? [toRevoke] : [toRotate];
}

export const replay = (tenant: string, { id: deliveryId }: Pick<DeliverySummary, 'id'>) =>
  ready('post /v1/deliveries/{deliveryId}/replay', { path: { deliveryId }, query: { tenant } });

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
