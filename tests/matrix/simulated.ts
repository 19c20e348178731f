/**
 * The simulator meets many faults in one world and names none of them in a title. Here stands which of its fault points
 * covers which rows: after each of them its checks and its audit hold (tests/simulation/checks.ts, audit.ts).
 */
import type { Profile } from '../simulation/profiles.ts';

type Group = Exclude<keyof Profile, 'name' | 'tick'>;
/** The last is on in every world: the index of what is due shows an item as it was a while ago. */
export type FaultPoint = { [G in Group]: `${G}.${keyof Profile[G] & string}` }[Group] | 'due.lag';

export const simulated: Readonly<Partial<Record<FaultPoint, readonly string[]>>> = {
  // A process dies at a call: a handler at its first one has received its message for nothing, with its whole batch.
  'calls.crashBefore': ['F05', 'F07', 'F08', 'F09', 'F12', 'F29', 'F45', 'F47'],
  // It dies, and the call gets through all the same.
  'calls.crashLate': ['F10', 'F12', 'F29', 'F32', 'F48'],
  'calls.error': ['F40'],
  'calls.again': ['F42'],
  'calls.ghost': ['F42'],
  // Longer than some worlds hide a message, so that two handlers have it.
  'calls.pause': ['F06'],
  'messages.duplicate': ['F03'],
  'messages.ackLost': ['F03'],
  'messages.slow': ['F04'],
  'events.drop': ['F25', 'F28'],
  'events.duplicate': ['F26'],
  'events.late': ['F27'],
  'submit.late': ['F11', 'F49'],
  'submit.lost': ['F10', 'F18'],
  'submit.throttled': ['F17', 'F61'],
  'submit.refused': ['F19'],
  'calls.freeze': ['F06'],
  'lasting.outage': ['F40', 'F92'],
  'lasting.fullRateLimit': ['F61'],
  'lasting.clockBehind': ['F56'],
  'lasting.unreadable': ['F90', 'F92'],
  'lasting.rotation': ['F38'],
  'batch.listLagMs': ['F20'],
  'batch.terminateMs': ['F65'],
  'batch.hostLost': ['F22', 'F47', 'F48', 'F53'],
  'batch.partition': ['F48', 'F50'],
  'batch.forget': ['F21'],
  'due.lag': ['F43'],
  'people.cancel': ['F59', 'F04'],
  'people.lateCancel': ['F69'],
  'people.foreignCancel': ['F67'],
  'people.oldTombstone': ['F66'],
  'people.suspend': ['F68'],
  'people.quota': ['F68'],
  'people.duplicate': ['F01'],
  'people.conflict': ['F02'],
  'people.limits': ['F58', 'F41'],
  'people.endByHand': ['F24'],
  'people.disableQueue': ['F71'],
  'people.deregister': ['F72'],
  'people.revoke': ['F73'],
  'people.rollback': ['F76'],
};
