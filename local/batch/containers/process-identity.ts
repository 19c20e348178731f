/** The identity of a process across restarts of this program, so that only leftover processes are ended. */
import { readFileSync } from 'node:fs';
import { signalGroup } from '../../process-group.ts';

let boot: string | undefined;

/**
 * Distinguishes this process from a later one with the same id: by the boot and the clock tick at which it started
 * (proc(5), /proc/pid/stat, field 22).
 * @returns undefined when there is no such process, when it is a zombie (state Z), or when this system has no /proc
 */
export function processStart(pid: number): string | undefined {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may itself contain blanks and parentheses.
    const fromThirdField = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTick] = [fromThirdField[0], fromThirdField[22 - 3]];
    return state === 'Z' || startTick === undefined ? undefined : `${boot}/${startTick}`;
  } catch {
    return undefined;
  }
}

/** Ends the group of a process that an earlier run of this program started, never one that reused its number. */
export function endLeftOver(pid: number, start: string): boolean {
  if (processStart(pid) !== start) return false;
  signalGroup(pid, 'SIGKILL');
  return true;
}
