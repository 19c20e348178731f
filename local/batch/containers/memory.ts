/**
 * The memory that a container's processes hold, and its limit. There are no control groups for a plain user, so it is
 * looked at from outside: the first process often, all of its group now and then.
 */
import { readdirSync, readFileSync } from 'node:fs';

const LOOK_MS = 25;
/** A look at the whole group reads a file for every process of the machine. */
const LOOKS_PER_GROUP_LOOK = 20;
const PAGE_BYTES = 4096;

/** @returns the way to stop watching. Where there is no /proc, nothing is ever exceeded. */
export function watchMemory(pid: number, limitBytes: number, onExceeded: () => void): () => void {
  if (limitBytes === Number.POSITIVE_INFINITY) return () => undefined;
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const held = looks % LOOKS_PER_GROUP_LOOK === 0 ? groupBytes(pid) : processBytes(pid);
    if (held <= limitBytes) return;
    clearInterval(timer);
    onExceeded();
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/**
 * What the process holds alone; pages of files can be taken from it without killing it.
 * @see proc(5), /proc/pid/statm: resident less shared pages
 */
function processBytes(pid: number): number {
  try {
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
    return (resident - shared) * PAGE_BYTES;
  } catch {
    return 0; // it has ended
  }
}

function groupBytes(group: number): number {
  return processes()
    .filter((pid) => groupOf(pid) === group)
    .reduce((sum, pid) => sum + processBytes(pid), 0);
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The fifth field of /proc/pid/stat, behind the name in parentheses. */
function groupOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return 0;
  }
}
