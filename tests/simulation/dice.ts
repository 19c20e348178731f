/** Seeded chance. Each subsystem has its own dice, so that one more throw in one does not change the throws of others. */
export interface Dice {
  /** From 0 up to 1. */
  fraction(): number;
  happens(probability: number): boolean;
  between(from: number, to: number): number;
  whole(from: number, to: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  shuffled<T>(list: readonly T[]): T[];
}

export function dice(seed: number, name: string): Dice {
  let state = seed ^ 0x9e3779b9;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16_777_619);
  // Mulberry32: small, fast, and good enough to spread faults.
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (from: number, to: number) => from + Math.floor(fraction() * (to - from + 1));
  for (let i = 0; i < 4; i++) fraction();
  return {
    fraction,
    happens: (probability) => fraction() < probability,
    between: (from, to) => from + fraction() * (to - from),
    whole,
    pick: (list) => list[whole(0, list.length - 1)] ?? list[0],
    shuffled(list) {
      const keyed = list.map((item) => ({ item, key: fraction() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
    },
  };
}
