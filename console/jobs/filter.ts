/** What a list of jobs is asked for: written in the address, and typed as words such as `tenant:acme tag.plan:pro`. */

export interface Filter {
  readonly tenant?: string;
  readonly state?: string;
  readonly type?: string;
  /** How far back, as in 1h, 24h or 7d. */
  readonly since?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export const SINCE: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
};

const FIELDS = ['tenant', 'state', 'type', 'since'] as const;
const TAG = /^tag\.(.{1,128})$/u;

/** Of an address. What is none of a filter is left alone. */
export function filterOf(search: string): Filter {
  return fromPairs([...new URLSearchParams(search)]);
}

export function searchOf(filter: Filter): string {
  const search = new URLSearchParams(pairsOf(filter)).toString();
  return search === '' ? '' : `?${search}`;
}

/** Of what was typed. @returns undefined when a word is none of a filter */
export function typedFilter(typed: string): Filter | undefined {
  const words = typed.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const pairs = words.map((word): [string, string] | undefined => {
    const [, name = '', value = ''] = /^([^:]+):(.+)$/.exec(word) ?? [];
    const known = (FIELDS as readonly string[]).includes(name) || TAG.test(name);
    return known ? [name, value.replace(/^"(.*)"$/, '$1')] : undefined;
  });
  const found = pairs.filter((pair) => pair !== undefined);
  return found.length === words.length ? fromPairs(found) : undefined;
}

export function typedOf(filter: Filter): string {
  return pairsOf(filter)
    .map(([name, value]) => `${name}:${/\s/.test(value) ? `"${value}"` : value}`)
    .join(' ');
}

/** The parameters of the API. @param nowMs taken once for a list, since a cursor continues only the same filter */
export function queryOf(
  { state, type, since, tags }: Filter,
  nowMs: number,
): Record<string, string | undefined> {
  const backMs = since === undefined ? undefined : SINCE[since];
  return {
    state,
    type,
    since: backMs === undefined ? undefined : new Date(nowMs - backMs).toISOString(),
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`tag.${name}`, value])),
  };
}

function fromPairs(pairs: readonly (readonly [string, string])[]): Filter {
  const known = pairs.filter(([name]) => (FIELDS as readonly string[]).includes(name));
  const tags = pairs.flatMap(([name, value]) => {
    const tag = TAG.exec(name)?.[1];
    return tag === undefined ? [] : [[tag, value] as const];
  });
  return { ...Object.fromEntries(known.filter(([, value]) => value !== '')), tags: Object.fromEntries(tags) };
}

function pairsOf({ tags, ...fields }: Filter): [string, string][] {
  const known = FIELDS.flatMap((name): [string, string][] => {
    const value = fields[name];
    return value === undefined ? [] : [[name, value]];
  });
  return [...known, ...Object.entries(tags).map(([name, value]): [string, string] => [`tag.${name}`, value])];
}
