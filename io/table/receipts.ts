/**
 * The receipts of a tenant in the table, a partition for each month, by the minute in which the attempt ended. Those that were
 * left together are one item.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { monthOf, RECEIPTS_KEPT_DAYS, Receipt } from '../../domain/cost/receipt.ts';
import { CountedOnce, minuteOf, type Sheet } from '../../domain/cost/sheet.ts';
import { type RowUnreadable, readEach, readRow } from './rows.ts';
import type { Attributes, Key, Page, Query, Table } from './table.ts';

export interface ReceiptStore {
  /** Puts receipts of one tenant and minute, unless they are there. Each of them may be on other sheets, too. */
  put(sheet: Sheet): Promise<void>;
  /** All tenants that have receipts of this month, by id; those from before this list was kept are not in it. */
  tenants(month: string): Promise<readonly string[]>;
  /** Those of one tenant whose attempts ended in this time, each once, page by page. Read consistently. */
  between(tenantId: string, fromMs: number, untilMs: number): AsyncIterable<Receipt>;
  /** Those of one tenant and month, each once, by the minute of their end, page by page. Read consistently. */
  of(tenantId: string, month: string, onUnreadable?: (error: RowUnreadable) => void): AsyncIterable<Receipt>;
}

export function receiptStore(items: Table): ReceiptStore {
  /** What this process has listed: a tenant is listed once for a month, and not with each receipt. */
  const listed = new Set<string>();
  const list = async ({ tenantId, endedAt }: Receipt) => {
    const key = listKey(tenantId, monthOf(endedAt));
    if (listed.has(`${key.pk} ${key.sk}`)) return;
    // Idempotent: a repeat finds the item.
    await items.insert(key, { expiresAt: expiryOf(endedAt) + MONTH_SECONDS });
    if (listed.size >= MOST_LISTED) listed.clear();
    listed.add(`${key.pk} ${key.sk}`);
  };
  return {
    async put(sheet) {
      const [receipt, ...others] = sheet;
      // Before the receipt: a process that dies in between leaves a name without receipts, which costs nothing.
      await list(receipt);
      // Idempotent: a repeat finds the item. An ended attempt does not change, so both are alike.
      if (others.length === 0) await items.insert(receiptKey(receipt), attributesOf(receipt));
      // Idempotent: a repeat in the same company finds the item; what comes in another one as well, each reader counts once.
      else await items.insert(sheetKey(sheet), attributesOfSheet(sheet));
    },

    async tenants(month) {
      const found: string[] = [];
      let after: Page['next'];
      do {
        const page = await items.query({
          condition: 'pk = :pk',
          values: { ':pk': listKey('', month).pk },
          after,
        });
        found.push(...page.items.map(({ sk }) => String(sk)));
        after = page.next;
      } while (after !== undefined);
      return found;
    },

    of: (tenantId, month, onUnreadable) =>
      pages(
        { condition: 'pk = :pk', values: { ':pk': partitionOf(tenantId, month) } },
        tenantId,
        onUnreadable,
      ),

    async *between(tenantId, fromMs, untilMs) {
      // A month of a time zone has parts of two months of UTC.
      for (let month = monthOf(fromMs); month <= monthOf(untilMs - 1); month = monthAfter(month))
        for await (const receipt of pages(
          {
            condition: 'pk = :pk AND sk BETWEEN :from AND :until',
            values: {
              ':pk': partitionOf(tenantId, month),
              // A sheet is at the beginning of its minute.
              ':from': timeKey(minuteOf(fromMs)),
              ':until': timeKey(untilMs),
            },
          },
          tenantId,
        ))
          if (receipt.endedAt >= fromMs && receipt.endedAt < untilMs) yield receipt;
    },
  };

  async function* pages(
    query: Pick<Query, 'condition' | 'values'>,
    tenantId: string,
    onUnreadable: (error: RowUnreadable) => void = () => undefined,
  ): AsyncIterable<Receipt> {
    const counted = new CountedOnce();
    let after: Page['next'];
    do {
      const page = await items.query({ ...query, after });
      const { rows, unreadable } = readEach(page.items, (item) => receiptsIn(tenantId, item));
      for (const error of unreadable) onUnreadable(error);
      yield* rows.flat().filter((receipt) => counted.isFirst(receipt));
      after = page.next;
    } while (after !== undefined);
  }
}

/** Sorts before each key of this moment, which goes on with the job. */
const timeKey = (atMs: number): string => String(atMs).padStart(13, '0');

function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return monthOf(Date.UTC(year, number, 1));
}

const partitionOf = (tenantId: string, month: string): string => `TENANT#${tenantId}#COST#${month}`;

function receiptKey({ tenantId, jobId, attempt, endedAt }: Receipt): Key {
  return {
    pk: partitionOf(tenantId, monthOf(endedAt)),
    sk: `${timeKey(endedAt)}#${jobId}#${attempt}`,
  };
}

/** The same sheet has the same key. Sorts before each receipt of its minute that was left alone. */
function sheetKey(sheet: Sheet): Key {
  const [{ tenantId, endedAt }] = sheet;
  const minute = minuteOf(endedAt);
  const names = sheet.map(({ jobId, attempt }) => `${jobId}#${attempt}`).toSorted();
  const name = createHash('sha256')
    .update(names.join(' '))
    .digest('base64url')
    .slice(0, SHEET_NAME_CHARACTERS);
  return { pk: partitionOf(tenantId, monthOf(minute)), sk: `${timeKey(minute)}${ON_SHEET}${name}` };
}

const SHEET_NAME_CHARACTERS = 22;
/** Sorts before the sign that follows the time of a receipt. */
const ON_SHEET = '!';

const DAY_SECONDS = 86_400;
/** The tenants of a month, in one partition: there is one write for each of them and process. */
const listKey = (tenantId: string, month: string): Key => ({ pk: `COSTS#${month}`, sk: tenantId });
const MOST_LISTED = 10_000;
const MONTH_SECONDS = 31 * DAY_SECONDS;
const expiryOf = (endedAt: number) => Math.ceil(endedAt / 1000) + RECEIPTS_KEPT_DAYS * DAY_SECONDS;

/** What the key says is not said again: a receipt takes one write unit, and a month of them is read in pages of 1 MB. */
function attributesOf({ jobType, tags, usdMicro, billedSeconds, endedAt }: Receipt): Attributes {
  return {
    jobType,
    ...(tags === undefined ? {} : { tags }),
    usdMicro,
    billedSeconds,
    expiresAt: expiryOf(endedAt),
  };
}

/** Without the names of the fields, which would be half of it. */
const Line = z.tuple([
  Receipt.shape.jobId,
  Receipt.shape.attempt,
  Receipt.shape.jobType,
  Receipt.shape.usdMicro,
  Receipt.shape.billedSeconds,
  Receipt.shape.endedAt,
  Receipt.shape.tags,
]);
const StoredSheet = z.object({ sheet: z.array(Line) });

function attributesOfSheet(sheet: Sheet): Attributes {
  const lines = sheet.map(({ jobId, attempt, jobType, usdMicro, billedSeconds, endedAt, tags }) => [
    jobId,
    attempt,
    jobType,
    usdMicro,
    billedSeconds,
    endedAt,
    ...(tags === undefined ? [] : [tags]),
  ]);
  return { sheet: lines, expiresAt: expiryOf(sheet[0].endedAt) };
}

function receiptsIn(tenantId: string, item: Attributes): Receipt[] {
  if (item['sheet'] === undefined) return [receiptIn(tenantId, item)];
  return readRow(StoredSheet, item).sheet.map(
    ([jobId, attempt, jobType, usdMicro, billedSeconds, endedAt, tags]) => ({
      tenantId,
      jobId,
      attempt,
      jobType,
      usdMicro,
      billedSeconds,
      endedAt,
      ...(tags === undefined ? {} : { tags }),
    }),
  );
}

function receiptIn(tenantId: string, item: Attributes): Receipt {
  const [endedAt = '', jobId = '', attempt = ''] = String(item['sk']).split('#');
  return readRow(Receipt, { ...item, tenantId, jobId, attempt: Number(attempt), endedAt: Number(endedAt) });
}
