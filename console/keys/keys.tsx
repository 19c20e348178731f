/** The screen of keys: which services may act for which tenants. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from 'wouter';
import { call } from '../api/call.ts';
import type { Key } from '../api/schema.ts';
import { Head } from '../parts/head.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { useNow } from '../parts/now.ts';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { durationText } from '../parts/words.ts';
import { CreateKey, DisableKey } from './key-acts.tsx';
import { inOrder, isOf, type KeyStanding, SCOPES, standingOf } from './settings.ts';

export function Keys() {
  const tenant = new URLSearchParams(useSearch()).get('tenant') ?? undefined;
  const keys = useQuery({
    queryKey: ['keys'],
    queryFn: async ({ signal }) => (await call('get /v1/keys', { signal })).body.items,
  });
  return (
    <>
      <Head title="Keys">
        <CreateKey tenant={tenant} />
      </Head>
      {tenant !== undefined && (
        <p>
          Those that may act for <Name text={tenant} />. <a href="/console/keys">All keys</a>
        </p>
      )}
      <Loaded read={keys} what="keys">
        {(known) => <List keys={tenant === undefined ? known : known.filter((key) => isOf(key, tenant))} />}
      </Loaded>
    </>
  );
}

function List({ keys }: { keys: readonly Key[] }) {
  const nowMs = useNow();
  if (keys.length === 0)
    return <Empty>No key acts here. A service that calls the API over HTTP needs one.</Empty>;
  return (
    <ul class="cards">
      {inOrder(keys, nowMs).map((key) => (
        <Card key={key.keyId} of={key} standing={standingOf(key, nowMs)} />
      ))}
    </ul>
  );
}

const LOOKS: Readonly<Record<KeyStanding, readonly [mark: string, tone: string]>> = {
  active: ['✓', 'good'],
  disabled: ['⊘', 'quiet'],
  expired: ['⊖', 'quiet'],
};

function Card({ of: key, standing }: { of: Key; standing: KeyStanding }) {
  const { keyId, name, scopes, tenants, maxTokenSeconds, createdAt, disabledAt, expiresAt, bearer } = key;
  const [mark, tone] = LOOKS[standing];
  return (
    <li class="card">
      <div class="card-head">
        <h2>
          <span class={`mark ${tone}`} aria-hidden="true">
            {mark}
          </span>{' '}
          <Name text={name ?? keyId} /> <span class="quiet">{standing}</span>
        </h2>
        <div class="acts">{standing === 'active' && <DisableKey keyOf={key} />}</div>
      </div>
      <p>
        For <bdi>{tenantsText(tenants)}</bdi>: it may {scopesText(scopes)}.
      </p>
      <p class="quiet">
        <code>{keyId}</code>, made <Ago at={createdAt} />
        {maxTokenSeconds !== undefined && `, tokens of ${durationText(maxTokenSeconds * 1000)} at most`}
        {bearer === true && ', taken as a credential itself: for laptops'}
        {disabledAt !== undefined && (
          <>
            , disabled <Ago at={disabledAt} />
          </>
        )}
        {expiresAt !== undefined && (
          <>
            , ends <Ago at={expiresAt} />
          </>
        )}
      </p>
    </li>
  );
}

function tenantsText(tenants: readonly string[]): string {
  if (tenants.includes('*')) return 'every tenant';
  return tenants.length === 0 ? 'no tenant' : tenants.join(', ');
}

const scopesText = (scopes: readonly string[]): string =>
  scopes.length === 0
    ? 'do nothing'
    : scopes.map((scope) => Object.entries(SCOPES).find(([name]) => name === scope)?.[1] ?? scope).join(', ');
