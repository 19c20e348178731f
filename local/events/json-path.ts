/** The JSON paths that EventBridge knows: names, places in a list, and `*` for all of them. */

export type Step = string | number | typeof EVERY;
const EVERY = Symbol('every element');

const STEP = /\.([\w-]+|\*)|\[(\d+|\*)\]/y;

/** @returns undefined for what is not such a path */
export function parsePath(path: string): readonly Step[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const found = STEP.exec(path);
    if (found === null) return undefined;
    const [, name, place] = found;
    const step = name ?? place ?? '';
    if (step === '*') steps.push(EVERY);
    else steps.push(place === undefined ? step : Number(step));
  }
  return steps;
}

/** @returns the value at a path; a list of all values where the path has a `*`; undefined when there is none */
export function valueAt(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (step === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (step === EVERY)
    return Object.values(value)
      .map((each) => valueAt(each, rest))
      .filter((each) => each !== undefined);
  const found = Object.entries(value).find(
    ([key]) => key === String(step) && (typeof step === 'string' || Array.isArray(value)),
  );
  return found && valueAt(found[1], rest);
}
