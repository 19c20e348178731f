/** A screen of what all tenants have: it begins with which there are. */
import type { ComponentChildren } from 'preact';
import { useTenants } from '../api/queries.ts';
import { Head } from '../parts/head.tsx';
import { Loaded } from '../parts/loaded.tsx';

export function OfTenants({
  title,
  above,
  children,
}: {
  title: string;
  /** Between the title and what has to be read first. */
  above?: ComponentChildren;
  children: (tenantIds: readonly string[]) => ComponentChildren;
}) {
  const tenants = useTenants();
  return (
    <>
      <Head title={title} />
      {above}
      <Loaded read={tenants} what="tenants">
        {(known) => children(known.map(({ tenantId }) => tenantId))}
      </Loaded>
    </>
  );
}
