/** Below this, the removed part is not worth compacting. */
const CLEARED_FROM = 1024;

/** First in, first out, at a constant cost: `Array.shift` moves all remaining elements when an array is large. */
export class Line<Item> {
  #items: (Item | undefined)[] = [];
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  first(): Item | undefined {
    return this.#items[this.#taken];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Adds an item before those at the end that it overtakes. */
  insert(item: Item, overtakes: (other: Item) => boolean): void {
    let place = this.#items.length;
    for (; place > this.#taken; place -= 1) {
      const before = this.#items[place - 1];
      if (before === undefined || !overtakes(before)) break;
      this.#items[place] = before;
    }
    this.#items[place] = item;
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#taken];
    this.#items[this.#taken] = undefined;
    this.#taken += 1;
    if (this.#taken > CLEARED_FROM && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  unshift(item: Item): void {
    if (this.#taken === 0) {
      this.#items.unshift(item);
      return;
    }
    this.#taken -= 1;
    this.#items[this.#taken] = item;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const item of this.#items.slice(this.#taken)) if (item !== undefined) yield item;
  }
}
