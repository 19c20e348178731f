/** A copy of what a build reads, with job types of a test's own in `job-types.ts` and no other edit. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOURCES } from '../../tools/build.ts';
import { CONSOLE_SOURCES } from '../../tools/build-console.ts';
import { root } from './root.ts';

export function copyOfRegistry() {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-registry-'));
  const original = readFileSync(join(root, 'job-types.ts'), 'utf8');
  for (const path of [...globSync([...SOURCES, ...CONSOLE_SOURCES], { cwd: root }), 'package.json'])
    cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    /** @param addition further entries of the list */
    writeWith(addition: string) {
      writeFileSync(join(folder, 'job-types.ts'), original.replace(/\]\);\n$/, `${addition}\n]);\n`));
    },
    buildWith(addition: string) {
      this.writeWith(addition);
      return spawnSync(process.execPath, ['tools/build.ts'], { cwd: folder, encoding: 'utf8' });
    },
    template: join(folder, '.serverless/cloudformation-template-update-stack.json'),
    bundles: join(folder, '.esbuild/.build'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
