/** Words of others: shown as they are, in their own direction, and cut where they would push everything else away. */

/** A name on one line. The whole of it is in its title. */
export function Name({ text }: { text: string }) {
  return (
    <bdi class="name" title={text}>
      {text}
    </bdi>
  );
}

const MAX_CHARACTERS = 20_000;

/** JSON, as it was sent. */
export function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, undefined, 2) ?? '';
  const isLong = text.length > MAX_CHARACTERS;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
    <pre class="json" tabIndex={0} dir="ltr">
      {isLong ? `${text.slice(0, MAX_CHARACTERS)}\n… ${text.length - MAX_CHARACTERS} more characters` : text}
    </pre>
  );
}

/** A text as JSON, where it is some. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
