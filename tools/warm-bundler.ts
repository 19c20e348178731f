/**
 * A bundler that keeps what it has read and parsed: the same bundle once more takes half the time. That is some 100 MB for each,
 * so the last few alone are kept.
 */
import {
  type BuildContext,
  type BuildOptions,
  build,
  context,
  type Metafile,
  type OutputFile,
  stop,
} from 'esbuild';

/** The worker and the two functions that their author is at. */
const KEPT = 3;

export interface Bundled {
  readonly metafile: Metafile;
  readonly outputFiles: readonly OutputFile[];
}

export interface WarmBundler {
  /**
   * Bundles without writing.
   *
   * @param names what is bundled together; what is bundled alone is kept for the next time
   * @throws what the bundler says
   */
  bundle(names: readonly string[], options: BuildOptions): Promise<Bundled>;
  close(): Promise<void>;
}

const KEEP_IN_MEMORY = { write: false, metafile: true } as const;
type Kept = BuildContext<BuildOptions & typeof KEEP_IN_MEMORY>;

/**
 * Percent of what the bundler holds that it may take more before it collects garbage, in the word of its language. A third of the CPU
 * time of a bundle goes into that with Go's own 100.
 */
const COLLECT_AT = '300';

/** Starts the bundler's process anew. */
export async function startWarmBundler(): Promise<WarmBundler> {
  await stop();
  process.env['GOGC'] ??= COLLECT_AT;
  /** The one that was used last is the last. */
  const kept = new Map<string, Promise<Kept>>();

  async function contextOf(name: string, options: BuildOptions): Promise<Kept> {
    const own = kept.get(name) ?? context({ ...options, ...KEEP_IN_MEMORY });
    kept.delete(name);
    kept.set(name, own);
    const [oldest] = kept;
    if (kept.size > KEPT && oldest !== undefined) {
      kept.delete(oldest[0]);
      await (await oldest[1]).dispose();
    }
    return own;
  }

  return {
    async bundle(names, options) {
      const [name] = names;
      if (name === undefined || names.length > 1) return build({ ...options, ...KEEP_IN_MEMORY });
      return (await contextOf(name, options)).rebuild();
    },
    async close() {
      await Promise.all([...kept.values()].map(async (each) => (await each).dispose()));
      kept.clear();
    },
  };
}
