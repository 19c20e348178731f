/** The search at the top: an id of a job, a tenant, or words of a filter. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter';
import { useTenants } from '../api/queries.ts';
import { filterOf, searchOf, typedFilter, typedOf } from '../jobs/filter.ts';
import { useKeys } from '../parts/keys.ts';

const JOB_ID = /^job_[a-z2-7]+$/;
const HINT = 'Expected the id of a job, a tenant, or words such as tenant:acme state:failed tag.plan:pro.';

export function Find() {
  const input = useRef<HTMLInputElement>(null);
  const [path, navigate] = useLocation();
  const search = useSearch();
  const tenants = useTenants();
  const [wrong, setWrong] = useState(false);
  // Before the paint: an effect after it would write over what is typed meanwhile.
  useLayoutEffect(() => {
    if (input.current !== null) input.current.value = path === '/jobs' ? typedOf(filterOf(search)) : '';
    setWrong(false);
  }, [path, search]);
  const keys = useMemo(() => ({ '/': () => input.current?.select() }), []);
  useKeys(keys);
  const go = (event: SubmitEvent) => {
    event.preventDefault();
    const typed = input.current?.value.trim() ?? '';
    const to = placeOf(typed, tenants.data?.map(({ tenantId }) => tenantId) ?? []);
    setWrong(to === undefined);
    if (to === undefined) return;
    input.current?.blur();
    navigate(to);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element for it is not known to all browsers
    <form class="find" role="search" onSubmit={go}>
      <input
        ref={input}
        type="search"
        aria-label="Find a job, a tenant, or filter jobs"
        placeholder="Find a job, tenant or tag"
        autoComplete="off"
        spellcheck={false}
        aria-invalid={wrong}
        aria-describedby={wrong ? 'find-hint' : undefined}
        onKeyDown={(event) => {
          if (event.key === 'Escape') input.current?.blur();
        }}
      />
      <span class="kbd" aria-hidden="true">
        /
      </span>
      {wrong && (
        <p id="find-hint" class="hint" role="alert">
          {HINT}
        </p>
      )}
    </form>
  );
}

function placeOf(typed: string, tenants: readonly string[]): string | undefined {
  if (typed === '') return '/jobs';
  if (JOB_ID.test(typed)) return `/jobs/${typed}`;
  if (tenants.includes(typed)) return `/tenants/${typed}`;
  const filter = typedFilter(typed);
  return filter === undefined ? undefined : `/jobs${searchOf(filter)}`;
}
