/** Keys that act on a whole screen. None acts while a person writes, or while a dialog asks something. */
import { useLayoutEffect } from 'preact/hooks';

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const WRITES = 'input:not([type=checkbox]), textarea, select, [contenteditable]';

function isBusy({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return true;
  if (document.querySelector('dialog[open]') !== null) return true;
  return target instanceof Element && target.matches(WRITES);
}

/** Of all that is on the screen now. */
const known = new Set<Keys>();
/** Kept beside the screens: the two keys of `g j` may come before and after one of them changes. */
let before = '';

function press(event: KeyboardEvent): void {
  const { key } = event;
  const both = `${before} ${key}`;
  before = isBusy(event) ? '' : key;
  if (before === '') return;
  const named = (name: string) => [...known].flatMap((keys) => keys[name] ?? []);
  // Two keys go before one: `g o` leads to the overview, also from a list in which `o` opens a row.
  const pair = named(both);
  const acts = pair.length > 0 ? pair : named(key);
  if (acts.length === 0) return;
  event.preventDefault();
  for (const act of acts) act(event);
}

/**
 * They act from the moment on in which what they act upon can be seen: an effect after the paint would lose the keys of a fast reader.
 *
 * @param keys by what a keyboard event calls them; `g j` is two keys, one after the other
 */
export function useKeys(keys: Keys): void {
  useLayoutEffect(() => {
    // Adding the same listener again changes nothing.
    document.addEventListener('keydown', press);
    known.add(keys);
    return () => {
      known.delete(keys);
    };
  }, [keys]);
}
