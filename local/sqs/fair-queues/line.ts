/** Below this, what was taken is not worth clearing away. */
const CLEARED_FROM = 1024;

/**
 * First in, first out, at the same cost however long it is: `Array.shift` moves every element that stays once an array
 * is larger than the engine moves by its start.
 */
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
