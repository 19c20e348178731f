/** The points of a line that a row of numbers makes. */

export const WIDTH = 120;
export const HEIGHT = 28;

/** The points of the line, from the left to the right; one that is all zeros lies on the ground. */
export function pointsOf(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map((value, i) => `${round(i * step)},${round(HEIGHT - 1 - ((HEIGHT - 2) * value) / most)}`)
    .join(' ');
}

const round = (value: number): number => Math.round(value * 10) / 10;
