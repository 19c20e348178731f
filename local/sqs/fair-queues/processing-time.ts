/** AWS says "recent" without a number; this is how long a group may be silent. */
const RECENT_MS = 300_000;

/**
 * How long the messages of each group were in flight lately. Old figures are halved, so that old groups cost nothing.
 */
export class ProcessingTime {
  #older = new Map<string | undefined, number>();
  #newer = new Map<string | undefined, number>();
  #olderMs = 0;
  #newerMs = 0;
  #turnedAtMs: number;

  constructor(nowMs: number) {
    this.#turnedAtMs = nowMs;
  }

  add(group: string | undefined, milliseconds: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#newer.set(group, (this.#newer.get(group) ?? 0) + milliseconds);
    this.#newerMs += milliseconds;
  }

  of(group: string, nowMs: number): { readonly groupMs: number; readonly allMs: number } {
    this.#turn(nowMs);
    const groupMs = (this.#older.get(group) ?? 0) + (this.#newer.get(group) ?? 0);
    return { groupMs, allMs: this.#olderMs + this.#newerMs };
  }

  #turn(nowMs: number): void {
    for (let turns = 0; turns < 2 && nowMs - this.#turnedAtMs >= RECENT_MS / 2; turns += 1) {
      this.#older = this.#newer;
      this.#olderMs = this.#newerMs;
      this.#newer = new Map();
      this.#newerMs = 0;
      this.#turnedAtMs += RECENT_MS / 2;
    }
    if (nowMs - this.#turnedAtMs >= RECENT_MS / 2) this.#turnedAtMs = nowMs;
  }
}
