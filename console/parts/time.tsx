/** A time: how long ago, with the exact one when it is pointed at. */
import { useNow } from './now.ts';
import { agoText, durationText, exactText } from './words.ts';

export function Ago({ at }: { at: string }) {
  const nowMs = useNow();
  return (
    <time dateTime={at} title={exactText(at)}>
      {agoText(nowMs - Date.parse(at))}
    </time>
  );
}

/** From one moment to another, or until now. */
export function Span({ from, to }: { from: string; to?: string | undefined }) {
  const nowMs = useNow();
  const ms = (to === undefined ? nowMs : Date.parse(to)) - Date.parse(from);
  return <span title={`since ${exactText(from)}`}>{durationText(Math.max(0, ms))}</span>;
}
