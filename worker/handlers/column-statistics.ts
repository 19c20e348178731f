/** Statistics of one column in one pass and bounded memory. */

/** For more different values the count says "at least". */
const MAX_DISTINCT = 10_000;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export class ColumnStatistics {
  #filled = 0;
  #empty = 0;
  #numbers = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #mean = 0;
  #squares = 0;
  #longest = 0;
  readonly #distinct = new Set<string>();

  add(cell: string): void {
    const text = cell.trim();
    if (text === '') {
      this.#empty++;
      return;
    }
    this.#filled++;
    this.#longest = Math.max(this.#longest, text.length);
    if (this.#distinct.size < MAX_DISTINCT) this.#distinct.add(text);
    if (NUMBER.test(text)) this.#addNumber(Number(text));
  }

  /** Welford's update: a sum of squares would lose the small deviations of large values. */
  #addNumber(value: number): void {
    this.#numbers++;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    const deviation = value - this.#mean;
    this.#mean += deviation / this.#numbers;
    this.#squares += deviation * (value - this.#mean);
  }

  /** A column is numeric when every filled cell is a number. */
  summary() {
    const numeric = this.#filled > 0 && this.#numbers === this.#filled;
    const common = {
      type: numeric ? 'number' : this.#filled === 0 ? 'empty' : 'text',
      filled: this.#filled,
      empty: this.#empty,
      distinct: this.#distinct.size,
      distinctIsAtLeast: this.#distinct.size === MAX_DISTINCT,
    };
    if (!numeric) return { ...common, longest: this.#longest };
    const deviation = this.#numbers < 2 ? 0 : Math.sqrt(this.#squares / (this.#numbers - 1));
    return { ...common, min: this.#min, max: this.#max, mean: this.#mean, standardDeviation: deviation };
  }
}
