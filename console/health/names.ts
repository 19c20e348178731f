/** What each check finds when it is well, and when it is not. */
const NAMES: Readonly<Record<string, readonly [well: string, bad: string]>> = {
  'due.late': ['What is due is done in time', 'Something is late'],
  'due.set_aside': ['No item was given up', 'Items were given up'],
  'queues.dead_letters': ['No message was left over', 'Messages were left over'],
};

/** A check of a later version has its id. */
export const nameOfCheck = (id: string): string => NAMES[id]?.[0] ?? id;
export const faultOfCheck = (id: string): string => NAMES[id]?.[1] ?? `${id} is not well`;
