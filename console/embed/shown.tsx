/** What is on the screen while something is read, when it is old, and when it cannot be had. */
import type { ComponentChildren } from 'preact';
import { Ago } from '../parts/time.tsx';
import { NotAnswered } from './doors.ts';
import { type Place, useGo } from './place.ts';
import type { Reading } from './reading.ts';

const HEADINGS: Readonly<Record<NotAnswered['kind'], string>> = {
  'no-token': 'You are not signed in here any more.',
  refused: 'There is nothing to show.',
  outage: 'There is no answer.',
};

export function Shown<T>({
  reading,
  children,
}: {
  reading: Reading<T>;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, readAtMs } = reading;
  if (data === undefined)
    return error === undefined ? <p class="quiet late">Reading…</p> : <Unread reading={reading} />;
  return (
    <>
      {error !== undefined && (
        <p class="old" role="status">
          {error instanceof NotAnswered && HEADINGS[error.kind]} This is as it was{' '}
          <Ago at={new Date(readAtMs).toISOString()} />.
        </p>
      )}
      {children(data)}
    </>
  );
}

function Unread({ reading: { error, again } }: { reading: Reading<unknown> }) {
  const known = error instanceof NotAnswered ? error : new NotAnswered('outage', 'Something failed.');
  return (
    <div class="notice" role="alert">
      <p>
        <strong>{HEADINGS[known.kind]}</strong> {known.message}
      </p>
      <button type="button" onClick={again}>
        Ask again
      </button>
    </div>
  );
}

/** A button, since it leads nowhere but within the element. */
export function Lead({ to, children }: { to: Place; children: ComponentChildren }) {
  const go = useGo();
  return (
    <button type="button" class="lead" onClick={() => go(to)}>
      {children}
    </button>
  );
}

export function Heading({ above, children }: { above?: ComponentChildren; children: ComponentChildren }) {
  return (
    <header part="heading">
      {above !== undefined && <p class="quiet">{above}</p>}
      <h2 tabIndex={-1}>{children}</h2>
    </header>
  );
}
