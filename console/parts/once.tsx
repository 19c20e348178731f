/** What is shown once: it is kept nowhere, so it is gone with the dialog. */
import { Copy } from '../copies/copy.tsx';

/** @param what as in "secret" */
export function Once({ what, values }: { what: string; values: readonly string[] }) {
  return (
    <>
      Copy it now: a {what} is shown only here, and once.
      {values.map((value) => (
        <span key={value} class="once">
          <code class="breaks">{value}</code> <Copy label="Copy" text={() => value} />
        </span>
      ))}
    </>
  );
}
