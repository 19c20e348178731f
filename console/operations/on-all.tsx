/** An act on all that match, also those that this page has not read: how many they are, then how far it is. */
import { useQuery } from '@tanstack/react-query';
import type { ComponentChildren } from 'preact';
import { call } from '../api/call.ts';
import { Act, type Written } from '../parts/act.tsx';
import { countText, plural } from '../parts/words.ts';
import { beginning, operate } from './operate.ts';
import type { Start } from './start.ts';

export interface OnAllProps {
  readonly start: Start;
  readonly label: string;
  readonly title: string;
  readonly will: ComponentChildren;
  /** As in "run again". */
  readonly did: string;
}

export function OnAll({ start, label, title, will, did }: OnAllProps) {
  return (
    <Act
      label={label}
      title={title}
      will={
        <>
          {will} <Preview start={start} /> It goes on when this page is left.
        </>
      }
      confirm={title}
      calls={(written) => [beginning(atRate(start, written), written)]}
      run={(given) => operate(atRate(start, given), did, given)}
    >
      <label>
        How many a second, from 1 to {MAX_PER_SECOND}
        <input
          name="perSecond"
          type="number"
          required
          min={1}
          max={MAX_PER_SECOND}
          step={1}
          defaultValue={String(PER_SECOND)}
        />
      </label>
    </Act>
  );
}

/** Those of the API. */
const MAX_PER_SECOND = 25;
const PER_SECOND = 10;

const atRate = (start: Start, { form }: Written): Start => ({
  ...start,
  perSecond: Number(form.get('perSecond') ?? PER_SECOND),
});

function Preview({ start }: { start: Start }) {
  const { data, error } = useQuery({
    queryKey: ['preview', start],
    queryFn: async ({ signal }) => (await call('post /v1/operations:preview', { body: start, signal })).body,
    // Asked once for each question: a look examines up to a thousand rows, and an older count is none of this question.
    refetchInterval: false,
    refetchOnWindowFocus: false,
    gcTime: 0,
  });
  if (data === undefined)
    return <>{error === null ? 'Counting what matches…' : 'How many match could not be counted.'}</>;
  const { matches, examined, more } = data;
  return (
    <>
      {more ? `${countText(matches)} or more match` : plural(matches, 'matches', 'match')}, of{' '}
      {countText(examined)} looked at
      {more && '; older ones are acted on as well'}.
    </>
  );
}
