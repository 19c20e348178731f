/** What an array was asked for with, in one item beside its group: written before the group, and never changed. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import * as z from 'zod';
import { Fault } from '../../../domain/fault.ts';
import type { GroupName } from '../../../domain/group/group.ts';
import type { ArrayItem } from '../../../domain/request/array-admission.ts';
import { ArrayRequest } from '../../../domain/request/request.ts';
import { MAX_REQUEST_ITEM_BYTES } from '../../../domain/size.ts';
import { RowUnreadable, readRow } from '../rows.ts';
import type { Attributes, Key, Table } from '../table.ts';
import { groupPartition, KEPT_MS } from './groups.ts';

/** The fingerprint is part of the key: requests with different bodies under one key never meet. */
export type ArrayName = GroupName & { readonly fingerprint: string };

export interface ArraySlice {
  readonly request: ArrayRequest;
  /** In their order; fewer than asked for at the end, or where no more are to be had at once. */
  readonly items: readonly ArrayItem[];
}

export interface ArrayItemStore {
  /** May be repeated. */
  put(name: ArrayName, request: ArrayRequest, nowMs: number): Promise<void>;
  /** @throws RowUnreadable, and Fault when there is none: no group is without its items */
  slice(name: ArrayName, from: number, limit: number): Promise<ArraySlice>;
}

export function arrayItemStore(items: Table): ArrayItemStore {
  return {
    async put(name, request, nowMs) {
      const expiresAt = Math.ceil((nowMs + KEPT_MS) / 1000);
      // Idempotent: a repeat finds the item, which has the same request.
      await items.insert(itemsKey(name), { packed: packed(request), expiresAt });
    },
    async slice(name, from, limit) {
      const item = await items.get(itemsKey(name));
      if (item === undefined) throw new Fault('ArrayWithoutItems', 'A group has no items', name.groupId);
      const request = unpacked(item);
      return { request, items: sliceOf(request, from, limit) };
    },
  };
}

export const sliceOf = ({ array }: ArrayRequest, from: number, limit: number): ArrayItem[] =>
  (array.items ?? []).slice(from, from + limit).map((input, place) => ({ index: from + place, input }));

const itemsKey = ({ fingerprint, ...name }: ArrayName): Key => ({
  pk: groupPartition(name),
  sk: `ITEMS#${fingerprint}`,
});

/** Twice the size takes ten times as long for a tenth less. */
const QUALITY = 5;
/** JSON of a request is larger than its item by its quotation marks and escapes, at most six characters for one byte. */
const MAX_JSON_BYTES = 6 * MAX_REQUEST_ITEM_BYTES;

const Packed = z.object({ packed: z.instanceof(Uint8Array) });

const packed = (request: ArrayRequest): Uint8Array =>
  brotliCompressSync(JSON.stringify(request), { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } });

function unpacked(item: Attributes): ArrayRequest {
  const { packed } = readRow(Packed, item);
  const json: unknown = JSON.parse(
    brotliDecompressSync(packed, { maxOutputLength: MAX_JSON_BYTES }).toString(),
  );
  const parsed = ArrayRequest.safeParse(json);
  if (!parsed.success) throw new RowUnreadable(String(item['pk']), 'packed');
  return parsed.data;
}
