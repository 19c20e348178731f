/** What a change of one source rebuilds while `npm start -- --watch` runs, against the packaged stack. */
import { expect, jest, test } from '@jest/globals';
import { openRebuilder } from '../../tools/rebuild.ts';

jest.setTimeout(120_000);

test('functions are bundled as the packager bundles them, those that have a changed source alone', async () => {
  const rebuilder = await openRebuilder();
  const bundled = async (...files: string[]) => {
    const { bundled: found, changed } = await rebuilder.rebuild(files);
    // Nothing has changed since the build, so each bundle is what the build made.
    expect(changed).toEqual([]);
    return found.toSorted();
  };
  try {
    expect(await bundled('functions/track.ts')).toEqual(['track']);
    // From what was kept of the first time.
    expect(await bundled('functions/track.ts')).toEqual(['track']);
    expect(await bundled('api/app.ts')).toEqual(['api', 'operate']);
    expect(await bundled('worker/main.ts')).toEqual(['worker']);
    expect(await bundled('worker/invocation.ts')).toEqual(['run']);
    expect(await bundled('worker/handlers/csv-summarise.ts')).toEqual(['run', 'worker']);
    expect(await bundled('tests/wiring/rebuild.test.ts')).toEqual([]);
    // Of the two that were kept, one has made room for others meanwhile.
    expect(await bundled('functions/track.ts')).toEqual(['track']);
  } finally {
    await rebuilder.close();
  }
});
