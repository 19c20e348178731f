/** Calls as texts for a shell and for a program, to be copied. */
import { place } from '../api/session.ts';
import type { Told } from '../api/told.ts';
import { Copy } from './copy.tsx';
import { asCurl, asScript } from './texts.ts';

const where = () => place() ?? { operateUrl: '$OPERATE_URL', apiUrl: '$HEADGATE_URL' };

/** @param calls asked when a button is pressed: they may have what a form says by then */
export function Copies({ calls }: { calls: () => readonly Told[] }) {
  const curl = () =>
    calls()
      .map((call) => asCurl(where(), call))
      .join('\n');
  return (
    <>
      <Copy label="Copy as curl" text={curl} />
      <Copy label="Copy as code" text={() => asScript(where(), calls())} />
    </>
  );
}
