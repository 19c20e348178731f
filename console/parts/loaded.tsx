/**
 * What is on a screen while it is read, when it is old, and when it cannot be had. What was read before stays on the screen: it says
 * how old it is, and nothing turns in front of it.
 */
import type { ComponentChildren } from 'preact';
import { isEnded, isOutage } from '../api/call.ts';
import { Ago } from './time.tsx';

/** Of a query, as far as this needs it. */
export interface Read<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly dataUpdatedAt: number;
  refetch(): unknown;
}

export function Loaded<T>({
  read,
  what,
  children,
}: {
  read: Read<T>;
  /** @example the job */
  what: string;
  children: (data: T) => ComponentChildren;
}) {
  if (read.data === undefined)
    return read.error === null ? <Waiting what={what} /> : <Unread what={what} read={read} />;
  return (
    <>
      {read.error !== null && <Old read={read} />}
      {children(read.data)}
    </>
  );
}

/** Appears late, so that a quick answer makes nothing flash. */
function Waiting({ what }: { what: string }) {
  return (
    <p class="waiting-for quiet" role="status">
      Reading {what}…
    </p>
  );
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : 'Something failed.');

function Unread({ what, read }: { what: string; read: Read<unknown> }) {
  const { error } = read;
  return (
    <div class="notice" role="alert">
      <p>
        <strong>{headingOf(error, what)}</strong>
      </p>
      <p>{sentenceOf(error)}</p>
      {!isEnded(error) && (
        <p class="quiet">
          {isOutage(error) ? 'It is asked again every four seconds. ' : ''}
          <button type="button" onClick={() => read.refetch()}>
            Ask now
          </button>
        </p>
      )}
    </div>
  );
}

function headingOf(error: unknown, what: string): string {
  if (isEnded(error)) return 'This page may not act any more.';
  return isOutage(error) ? 'Headgate cannot be reached.' : `There is nothing to show of ${what}.`;
}

/** Above what was read before. */
function Old({ read }: { read: Read<unknown> }) {
  return (
    <p class="old" role="status">
      {isEnded(read.error) ? 'This page may not act any more' : 'Not up to date'}: as it was{' '}
      <Ago at={new Date(read.dataUpdatedAt).toISOString()} />. {sentenceOf(read.error)}
    </p>
  );
}

/** Nothing is there, and that is no fault. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty quiet">{children}</div>;
}
