/** An item of a ranking. */
export interface Ranked {
  /** Its position, set by the ranking; -1 outside. */
  place: number;
}

/**
 * A binary heap whose items may change their rank: the first is found in constant time, a move takes logarithmic
 * time.
 */
export class Ranking<Item extends Ranked> {
  readonly #items: Item[] = [];
  readonly #comesBefore: (left: Item, right: Item) => boolean;

  constructor(comesBefore: (left: Item, right: Item) => boolean) {
    this.#comesBefore = comesBefore;
  }

  first(): Item | undefined {
    return this.#items[0];
  }

  /** Adds an item, or moves it after its rank changed. */
  settle(item: Item): void {
    if (item.place < 0) this.#put(item, this.#items.length);
    this.#sink(item);
    this.#rise(item);
  }

  remove(item: Item): void {
    const { place } = item;
    const last = this.#items.pop();
    item.place = -1;
    if (last === undefined || last === item) return;
    this.#put(last, place);
    this.settle(last);
  }

  #rise(item: Item): void {
    while (item.place > 0) {
      const above = this.#items[(item.place - 1) >> 1];
      if (above === undefined || !this.#comesBefore(item, above)) return;
      this.#swap(item, above);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#items[2 * item.place + 1];
      const right = this.#items[2 * item.place + 2];
      const below = left && right && this.#comesBefore(right, left) ? right : left;
      if (below === undefined || !this.#comesBefore(below, item)) return;
      this.#swap(item, below);
    }
  }

  #swap(left: Item, right: Item): void {
    const { place } = left;
    this.#put(left, right.place);
    this.#put(right, place);
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
