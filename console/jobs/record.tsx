/** The whole of what the API tells of a job, field by field, for a reader who wants to be sure. */
import { useState } from 'preact/hooks';
import type { Job } from '../api/schema.ts';
import { Copy } from '../copies/copy.tsx';
import { Json } from '../parts/text.tsx';

export function RawRecord({ job }: { job: Job }) {
  // Drawn when it is asked for: it has the input and the result once more, and changes with each look.
  const [isOpen, setOpen] = useState(false);
  return (
    <section aria-label="Raw record">
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>Raw record</summary>
        {isOpen && (
          <>
            <Json value={job} />
            <Copy label="Copy as JSON" text={() => JSON.stringify(job, undefined, 2)} />
          </>
        )}
      </details>
    </section>
  );
}
