/**
 * The parts of a job's request as one attribute: their JSON, compressed. DynamoDB charges by the kilobyte, and JSON takes a
 * third to a fifth of its size, so most inputs of 3 KB cost one write unit.
 */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import * as z from 'zod';
import { Parts } from '../../domain/job/parts.ts';
import { MAX_REQUEST_ITEM_BYTES } from '../../domain/size.ts';
import { readRow } from './rows.ts';
import type { Attributes } from './table.ts';

/** Twice the size takes ten times as long for a tenth less. */
const QUALITY = 5;
/** JSON of a request is larger than its item by its quotation marks and escapes, at most six characters for one byte. */
const MAX_JSON_BYTES = 6 * MAX_REQUEST_ITEM_BYTES;

const Packed = z.object({ packed: z.instanceof(Uint8Array) });

export function attributesOfParts(parts: Parts): Attributes {
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } };
  return { packed: brotliCompressSync(JSON.stringify(parts), options) };
}

/** @throws RowUnreadable */
export function partsOf(item: Attributes): Parts {
  const { packed } = readRow(Packed, item);
  return readRow(Parts, { ...jsonOf(packed), pk: item['pk'], sk: item['sk'] });
}

function jsonOf(packed: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(
      brotliDecompressSync(packed, { maxOutputLength: MAX_JSON_BYTES }).toString(),
    );
    return typeof value === 'object' && value !== null ? value : { input: value };
  } catch {
    return { input: 'unreadable' };
  }
}
