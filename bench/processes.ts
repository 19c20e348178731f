/** CPU time and memory of a process with all that it started, from Linux's /proc. @see man 5 proc */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports CPU time in ticks of USER_HZ, which is 100 on every platform that Node supports. */
const MS_PER_TICK = 10;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** With its children that have ended. */
  readonly cpuMs: number;
}

export function usageOf(pid: number): { readonly cpuMs: number; readonly memoryMB: number } {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : [],
  );
  const family = new Set([pid]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const each of all) if (family.has(each.parent)) family.add(each.pid);
  }
  const own = all.filter((each) => family.has(each.pid));
  return {
    cpuMs: own.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    memoryMB: own.reduce((sum, each) => sum + memoryOf(each.pid), 0),
  };
}

function readProcess(pid: number): Process | undefined {
  try {
    // The second field is a name in parentheses that may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const ticks = fields.slice(11, 15).map(Number);
    return {
      pid,
      parent: Number(fields[1]),
      cpuMs: MS_PER_TICK * ticks.reduce((sum, each) => sum + each, 0),
    };
  } catch {
    return undefined; // it ended meanwhile, and its parent has its time
  }
}

/** Pages that processes share are divided among them. */
function memoryOf(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
