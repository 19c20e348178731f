/** The screen of health: whether anything is late, was given up or could not be handled, and whether slots are held by those that need them. */
import { useTenants } from '../api/queries.ts';
import type { Answers } from '../api/schema.ts';
import { Head } from '../parts/head.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Partly } from '../parts/partly.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { countText, plural } from '../parts/words.ts';
import { Account } from './account.tsx';
import { nameOfCheck } from './names.ts';
import { type Slots, useEachSlots, useUpkeep } from './queries.ts';

type Upkeep = Answers['get /v1/upkeep'];

export function Health() {
  const upkeep = useUpkeep();
  return (
    <>
      <Head title="Health" />
      <Loaded read={upkeep} what="the health of this stack">
        {({ items, deadLetters }) => (
          <>
            <Sentence items={items} />
            <Checks items={items} />
            <DeadLetters counts={deadLetters} />
          </>
        )}
      </Loaded>
      <SlotsOfAll />
      <Account />
    </>
  );
}

function Sentence({ items }: { items: Upkeep['items'] }) {
  const bad = items.filter(({ ok }) => !ok).length;
  return (
    <p class="why">
      {bad === 0 ? (
        <>
          <strong class="good">Well</strong>: nothing is late, given up, or left in a queue that nothing
          reads.
        </>
      ) : (
        <>
          <strong class="bad">Not well</strong>: {plural(bad, 'check')} of {items.length} found something.
        </>
      )}
    </p>
  );
}

function Checks({ items }: { items: Upkeep['items'] }) {
  return (
    <section aria-label="Checks">
      <h2>Checks</h2>
      <ul class="cards">
        {items.map(({ id, ok, says, fix }) => (
          <li key={id} class="card">
            <h3>
              <span class={`mark ${ok ? 'good' : 'bad'}`} aria-hidden="true">
                {ok ? '✓' : '✕'}
              </span>{' '}
              {nameOfCheck(id)} <span class="quiet">{ok ? 'well' : 'not well'}</span>
            </h3>
            <p>{says}</p>
            {fix !== undefined && <p class="quiet">{fix}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function DeadLetters({ counts }: { counts: Upkeep['deadLetters'] }) {
  return (
    <section class="figures" aria-label="Dead letters">
      {counts.map(({ queue, count }) => (
        <div key={queue}>
          <span class="quiet">Dead letters of {queue}</span>
          <strong>{countText(count)}</strong>
        </div>
      ))}
    </section>
  );
}

/** Each is a request. */
const MAX_TENANTS = 30;

function SlotsOfAll() {
  const tenants = useTenants();
  return (
    <section aria-label="Slots">
      <h2>Slots</h2>
      <Loaded read={tenants} what="tenants">
        {(known) => <Held ids={known.map(({ tenantId }) => tenantId)} />}
      </Loaded>
    </section>
  );
}

const columns: readonly Column<Slots>[] = [
  {
    head: 'Tenant',
    cell: ({ tenantId }) => (
      <a href={`/console/tenants/${encodeURIComponent(tenantId)}`}>
        <Name text={tenantId} />
      </a>
    ),
  },
  { head: 'Held', class: 'n', cell: ({ items }) => countText(items.length) },
  { head: 'What differs', class: 'wide', cell: (slots) => <Differences slots={slots} /> },
];

function Held({ ids }: { ids: readonly string[] }) {
  const shown = ids.slice(0, MAX_TENANTS);
  const reads = useEachSlots(shown);
  const failed = reads.find(({ error, data }) => error !== null && data === undefined);
  const all = reads.flatMap(({ data }) => data ?? []);
  if (all.length === 0 && failed !== undefined)
    return (
      <Loaded read={failed} what="slots">
        {() => null}
      </Loaded>
    );
  const held = all
    .filter(({ items }) => items.length > 0)
    .toSorted((a, b) => b.items.length - a.items.length);
  return (
    <>
      <Partly reads={reads} what="slots" />
      {held.length === 0 ? (
        <p class="quiet">{all.length < shown.length ? 'Looking…' : 'No tenant holds a slot now.'}</p>
      ) : (
        <Table rows={held} columns={columns} keyOf={({ tenantId }) => tenantId} />
      )}
      <p class="foot quiet">
        {shown.length < ids.length && `The first ${shown.length} of ${plural(ids.length, 'tenant')}. `}
        What is held without need is taken back by the sweep of each minute.
      </p>
    </>
  );
}

export function Differences({ slots: { items, above } }: { slots: Slots }) {
  const leaked = items.filter((item) => item.leaked === true).length;
  const texts = [
    ...(leaked === 0 ? [] : [`${countText(leaked)} held without need`]),
    ...above.map(
      ({ what, inUse, cap }) => `${countText(inUse)} in use for ${what}, whose cap is ${countText(cap)}`,
    ),
  ];
  if (texts.length === 0) return <span class="quiet">nothing</span>;
  return (
    <span class="held">
      <span aria-hidden="true">△</span> <bdi>{texts.join('; ')}</bdi>
    </span>
  );
}
