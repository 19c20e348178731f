/** A table as it is written, for what is never long. */
import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly head: string;
  /** Classes of its cells: `n` for numbers, `wide` for what takes the room that is left, `minor` for what a narrow screen leaves out. */
  readonly class?: string;
  readonly cell: (row: T) => ComponentChildren;
}

export function Heads<T>({ columns }: { columns: readonly Column<T>[] }) {
  return columns.map((column) => (
    <th key={column.head} scope="col" class={column.class}>
      {column.head}
    </th>
  ));
}

export function Cells<T>({ row, columns }: { row: T; columns: readonly Column<T>[] }) {
  return columns.map((column) => (
    <td key={column.head} class={column.class}>
      {column.cell(row)}
    </td>
  ));
}

export function Table<T>({
  rows,
  columns,
  keyOf,
}: {
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T) => string | number;
}) {
  return (
    <table part="table">
      <thead>
        <tr>
          <Heads columns={columns} />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            <Cells row={row} columns={columns} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
