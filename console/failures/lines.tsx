/** The last lines that a container printed before its job failed. */
export function Lines({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>Last {lines.length === 1 ? 'line' : `${lines.length} lines`} of its log</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <pre class="json" tabIndex={0} dir="ltr">
        {lines.join('\n')}
      </pre>
    </details>
  );
}
