/** Statistics of one column in one pass. */
import { hash } from 'node:crypto';
import { numberIn } from './number.ts';

/** Longer values are told apart by their hash, so that one of them takes no more room than this. */
const MAX_KEY_CHARACTERS = 64;
/** A set's slot, its part of the spare ones, and the head of a string. */
const KEY_OVERHEAD_BYTES = 80;

/** The memory for the different values of all columns of a file together. */
export class DistinctBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(key: string): boolean {
    const bytes = KEY_OVERHEAD_BYTES + 2 * key.length;
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}

export class ColumnStatistics {
  #filled = 0;
  #empty: number;
  #numbers = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #mean = 0;
  #squares = 0;
  #longest = 0;
  readonly #decimal: '.' | ',';
  readonly #budget: DistinctBudget;
  readonly #distinct = new Set<string>();
  #distinctIsAtLeast = false;

  /** @param emptyBefore rows that ended before this column */
  constructor(budget: DistinctBudget, decimal: '.' | ',', emptyBefore = 0) {
    this.#decimal = decimal;
    this.#budget = budget;
    this.#empty = emptyBefore;
  }

  add(cell: string): void {
    const text = cell.trim();
    if (text === '') {
      this.#empty++;
      return;
    }
    this.#filled++;
    this.#longest = Math.max(this.#longest, text.length);
    if (!this.#distinctIsAtLeast) this.#addDistinct(text);
    const value = numberIn(text, this.#decimal);
    if (value !== undefined) this.#addNumber(value);
  }

  #addDistinct(text: string): void {
    const key = text.length > MAX_KEY_CHARACTERS ? hash('sha256', text, 'base64') : text;
    if (this.#distinct.has(key)) return;
    if (this.#budget.take(key)) this.#distinct.add(key);
    else this.#distinctIsAtLeast = true;
  }

  /** Welford's update: a sum of squares would lose the small deviations of large values. */
  #addNumber(value: number): void {
    this.#numbers++;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    const before = this.#mean;
    // Divided first: the difference of two large numbers may be more than a double holds.
    this.#mean += value / this.#numbers - before / this.#numbers;
    this.#squares += (value - before) * (value - this.#mean);
  }

  /** A column is numeric when every filled cell is a number; `numbers` tells how far another one is from that. */
  summary() {
    const numeric = this.#filled > 0 && this.#numbers === this.#filled;
    const common = {
      type: numeric ? 'number' : this.#filled === 0 ? 'empty' : 'text',
      filled: this.#filled,
      empty: this.#empty,
      distinct: this.#distinct.size,
      distinctIsAtLeast: this.#distinctIsAtLeast,
    };
    if (!numeric) return { ...common, numbers: this.#numbers, longest: this.#longest };
    const standardDeviation = this.#numbers < 2 ? 0 : Math.sqrt(this.#squares / (this.#numbers - 1));
    return {
      ...common,
      min: this.#min,
      max: this.#max,
      mean: this.#mean,
      // Of numbers around 1e160 the squares are more than a double holds, and JSON has no word for that.
      ...(Number.isFinite(standardDeviation) ? { standardDeviation } : {}),
    };
  }
}
