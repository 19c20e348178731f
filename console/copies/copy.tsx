/** Puts a text on the clipboard, and says that it did. */
import { useState } from 'preact/hooks';

async function copied(text: () => string): Promise<string> {
  let made: string;
  try {
    made = text();
  } catch (error) {
    // What a form says may be no message yet.
    return error instanceof Error ? error.message : 'Not copied';
  }
  try {
    await navigator.clipboard.writeText(made);
    return 'Copied';
  } catch {
    return 'Not copied: the browser does not allow it';
  }
}

export function Copy({ label, text }: { label: string; text: () => string }) {
  const [told, setTold] = useState<string>();
  const copy = async () => {
    setTold(await copied(text));
    setTimeout(() => setTold(undefined), 2000);
  };
  return (
    <>
      <button type="button" class="plain" onClick={copy}>
        {told ?? label}
      </button>
      <span class="unseen" role="status">
        {told}
      </span>
    </>
  );
}
