/**
 * A table whose rows are drawn only where they can be seen, so that ten thousand scroll like ten. Its rows have one height, and
 * `j` and `k` go from one to the next.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Keys, useKeys } from './keys.ts';
import { Cells, type Column, Heads } from './table.tsx';

interface RowsProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  readonly onOpen: (row: T) => void;
  readonly selection?: Selection | undefined;
}

export interface Selection {
  readonly has: (key: string) => boolean;
  readonly toggle: (key: string) => void;
}

/** Drawn above and below what can be seen. */
const SPARE_ROWS = 12;

export function Rows<T>({ label, rows, columns, keyOf, onOpen, selection }: RowsProps<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { from, to, height } = useSeen(body, rows.length);
  const current = useCurrent(rows, { body, keyOf, onOpen, selection, height });
  return (
    <table class="rows" aria-label={label} aria-rowcount={rows.length + 1}>
      <thead>
        <tr>
          {selection !== undefined && <td class="pick" />}
          <Heads columns={columns} />
        </tr>
      </thead>
      <tbody ref={body}>
        {from > 0 && <tr class="space" style={{ height: `${from * height}px` }} />}
        {rows.slice(from, to).map((row, i) => {
          const key = keyOf(row);
          return (
            <tr
              key={key}
              aria-rowindex={from + i + 2}
              class={key === current ? 'current' : undefined}
              data-picked={selection?.has(key) === true ? '' : undefined}
            >
              {selection !== undefined && (
                <td class="pick">
                  <input
                    type="checkbox"
                    aria-label={`Select ${key}`}
                    checked={selection.has(key)}
                    onChange={() => selection.toggle(key)}
                  />
                </td>
              )}
              <Cells row={row} columns={columns} />
            </tr>
          );
        })}
        {to < rows.length && <tr class="space" style={{ height: `${(rows.length - to) * height}px` }} />}
      </tbody>
    </table>
  );
}

/** Which rows can be seen. The page scrolls, not the table. */
function useSeen(body: { readonly current: HTMLTableSectionElement | null }, count: number) {
  const [seen, setSeen] = useState({ from: 0, to: Math.min(count, 60), height: 33 });
  const look = useCallback(() => {
    if (body.current === null) return;
    const row = body.current.querySelector('tr:not(.space)');
    const height = row?.getBoundingClientRect().height || 33;
    const above = -body.current.getBoundingClientRect().top;
    const first = Math.floor(above / height) - SPARE_ROWS;
    const from = Math.max(0, Math.min(first, count - 1));
    const to = Math.min(count, from + Math.ceil(window.innerHeight / height) + 2 * SPARE_ROWS);
    setSeen((old) =>
      old.from === from && old.to === to && old.height === height ? old : { from, to, height },
    );
  }, [body, count]);
  useEffect(() => {
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [look]);
  return { ...seen, to: Math.min(count, Math.max(seen.to, seen.from + 1)) };
}

interface Around<T> extends Pick<RowsProps<T>, 'keyOf' | 'onOpen' | 'selection'> {
  readonly body: { readonly current: HTMLTableSectionElement | null };
  readonly height: number;
}

/** The row that the keys are at, by its key: rows come and go above it. */
function useCurrent<T>(rows: readonly T[], { keyOf, onOpen, selection, body, height }: Around<T>) {
  const [current, setCurrent] = useState<string>();
  // What a key goes on from is what the key before it did, whether or not that is drawn yet.
  const at = useRef<string | undefined>(undefined);
  const latest = useRef({ rows, keyOf, onOpen, selection, height });
  latest.current = { rows, keyOf, onOpen, selection, height };
  const keys = useMemo((): Keys => {
    const find = () => {
      const { rows, keyOf } = latest.current;
      return rows.findIndex((row) => keyOf(row) === at.current);
    };
    const go = (by: number) => {
      const { rows, keyOf, height } = latest.current;
      const from = find();
      const next = Math.max(0, Math.min(rows.length - 1, from === -1 ? 0 : from + by));
      const row = rows[next];
      if (row === undefined) return;
      at.current = keyOf(row);
      setCurrent(at.current);
      const top = (body.current?.getBoundingClientRect().top ?? 0) + next * height;
      if (top < 80) scrollBy({ top: top - 80 });
      if (top + height > innerHeight - 80) scrollBy({ top: top + height - innerHeight + 80 });
    };
    const found = () => latest.current.rows[find()];
    return {
      j: () => go(1),
      k: () => go(-1),
      ArrowDown: () => go(1),
      ArrowUp: () => go(-1),
      x: () => {
        const row = found();
        if (row !== undefined) latest.current.selection?.toggle(latest.current.keyOf(row));
      },
      o: () => {
        const row = found();
        if (row !== undefined) latest.current.onOpen(row);
      },
    };
  }, [body]);
  useKeys(keys);
  return current;
}
