/** Puts a text on the clipboard, and says that it did. */
import { useState } from 'preact/hooks';

export function Copy({ label, text }: { label: string; text: () => string }) {
  const [told, setTold] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setTold('Copied');
    } catch {
      setTold('Not copied: the browser does not allow it');
    }
    setTimeout(() => setTold(undefined), 2000);
  };
  return (
    <button type="button" class="plain" onClick={copy}>
      <span role="status">{told ?? label}</span>
    </button>
  );
}
