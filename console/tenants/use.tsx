/** How much of its cap a tenant uses. */
import type { Tenant } from '../api/schema.ts';
import { countText } from '../parts/words.ts';

export function Use({ tenant: { inBatch, settings } }: { tenant: Tenant }) {
  const cap = settings?.caps?.cap;
  if (cap === undefined)
    return (
      <>
        {countText(inBatch)} <span class="quiet">no cap of its own</span>
      </>
    );
  return (
    <span class="use-cell">
      <meter class={inBatch >= cap ? 'use full' : 'use'} min={0} max={cap} value={Math.min(inBatch, cap)}>
        {inBatch} of {cap}
      </meter>
      {countText(inBatch)} of {countText(cap)}
    </span>
  );
}
