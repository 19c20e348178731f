/** The keys of the console. */
import { useMemo, useRef } from 'preact/hooks';
import { useKeys } from '../parts/keys.ts';
import { sections } from './screens.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'find a job or a tenant, or filter jobs'],
  ['j k', 'next and previous row'],
  ['o', 'open the row'],
  ['x', 'select the row'],
  ['p', 'stop reading, and go on'],
  ['?', 'this list'],
  ['Esc', 'close'],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = () => dialog.current?.showModal();
  const keys = useMemo(() => ({ '?': () => dialog.current?.showModal() }), []);
  useKeys(keys);
  const all = [...sections.map(({ key, name }) => [`g ${key}`, name] as const), ...KEYS];
  return (
    <>
      <button type="button" class="plain" onClick={open} aria-label="Keys">
        ?
      </button>
      <dialog ref={dialog} aria-labelledby="help">
        <h2 id="help">Keys</h2>
        <dl class="keys">
          {all.map(([key, does]) => (
            <div key={key}>
              <dt>
                {key.split(' ').map((each) => (
                  <kbd key={each}>{each}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog" class="choices">
          <button type="submit" class="first">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}
