/** How bad a world is. All numbers are probabilities per call or message, unless their name says milliseconds. */
export type NamedProfile = 'chaos' | 'dup' | 'alldrop' | 'race' | 'lambda';
/** `drawn`: which faults there are, and how strong each is, differs from seed to seed. */
export type ProfileName = NamedProfile | 'drawn';

export interface Profile {
  readonly name: ProfileName;
  /** Whether tick runs. */
  readonly tick: boolean;
  readonly calls: Readonly<
    Record<
      'crashBefore' | 'crashLate' | 'error' | 'late' | 'lost' | 'again' | 'ghost' | 'pause' | 'freeze',
      number
    >
  >;
  readonly messages: Readonly<Record<'duplicate' | 'ackLost' | 'slow', number>>;
  readonly bus: Readonly<Record<'drop' | 'duplicate' | 'late', number>>;
  readonly events: Readonly<Record<'drop' | 'duplicate' | 'late', number>>;
  readonly submit: Readonly<Record<'late' | 'lost' | 'never' | 'throttled' | 'refused', number>>;
  readonly batch: Readonly<{
    listLagMs: number;
    terminateMs: number;
    hostLost: number;
    partition: number;
    forget: number;
    describeGap: number;
    /** A status that AWS has not told us of. */
    oddStatus: number;
    /** It finds no machine for a job for a long time. */
    stuck: number;
  }>;
  readonly work: Readonly<Record<'fails' | 'overruns' | 'rewrites', number>>;
  readonly pace: Readonly<Record<'full', number>>;
  readonly receivers: Readonly<Record<'busy' | 'unresolved', number>>;
  /** Whether a run has one at all; what is struck stays struck for long. */
  readonly lasting: Readonly<
    Record<
      | 'outage'
      | 'fullRateLimit'
      | 'clockBehind'
      | 'unreadable'
      | 'rotation'
      | 'upgraded'
      | 'ticksLost'
      | 'twoTicks',
      number
    >
  >;
  readonly people: Readonly<
    Record<
      | 'cancel'
      | 'lateCancel'
      | 'foreignCancel'
      | 'oldTombstone'
      | 'duplicate'
      | 'conflict'
      | 'limits'
      | 'delay'
      | 'endByHand'
      | 'giveUp'
      | 'disableQueue'
      | 'deregister'
      | 'revoke'
      | 'rollback'
      | 'suspend'
      | 'quota'
      /** A program that has read the tickets of Batch jobs and may call worker-api. */
      | 'thief'
      | 'schedule'
      /** A service submits over HTTP, instead of the front queue or beside it. */
      | 'door'
      /** Jobs that wait for each other. */
      | 'graph'
      /** The jobs of one type run on Lambda. */
      | 'lambda'
      /** An operator redrives or cancels all that match a filter. */
      | 'bulk'
      /** Jobs that are members of a group. */
      | 'crowd'
      /** A request for many jobs. */
      | 'array',
      number
    >
  >;
  /** What Lambda does to events and runs. */
  readonly functions: Readonly<Record<'lost' | 'doubled' | 'late' | 'crashes' | 'hangs', number>>;
}

const chaos: Profile = {
  name: 'chaos',
  tick: true,
  calls: {
    crashBefore: 0.012,
    crashLate: 0.012,
    error: 0.012,
    late: 0.006,
    lost: 0.012,
    again: 0.02,
    ghost: 0.01,
    pause: 0.015,
    freeze: 0.008,
  },
  messages: { duplicate: 0.06, ackLost: 0.04, slow: 0.1 },
  bus: { drop: 0.1, duplicate: 0.08, late: 0.08 },
  events: { drop: 0.2, duplicate: 0.1, late: 0.1 },
  submit: { late: 0.1, lost: 0.06, never: 0.05, throttled: 0.08, refused: 0.01 },
  batch: {
    listLagMs: 20_000,
    terminateMs: 20_000,
    hostLost: 0.08,
    partition: 0.1,
    forget: 0.03,
    describeGap: 0.1,
    oddStatus: 0.03,
    stuck: 0.03,
  },
  work: { fails: 0.25, overruns: 0.06, rewrites: 0.05 },
  pace: { full: 0.03 },
  receivers: { busy: 0.15, unresolved: 0.2 },
  lasting: {
    outage: 0.12,
    fullRateLimit: 0.08,
    clockBehind: 0.08,
    unreadable: 0.1,
    rotation: 0.1,
    upgraded: 0.1,
    ticksLost: 0.05,
    twoTicks: 0.1,
  },
  people: {
    cancel: 0.25,
    lateCancel: 0.1,
    foreignCancel: 0.1,
    oldTombstone: 0.1,
    duplicate: 0.3,
    conflict: 0.1,
    limits: 0.2,
    delay: 0.2,
    endByHand: 0.02,
    giveUp: 0.1,
    disableQueue: 0.06,
    deregister: 0.06,
    revoke: 0.03,
    rollback: 0.06,
    suspend: 0.1,
    quota: 0.1,
    thief: 0.1,
    schedule: 0.12,
    door: 0.25,
    graph: 0.15,
    lambda: 0.2,
    bulk: 0.1,
    crowd: 0.15,
    array: 0.12,
  },
  functions: { lost: 0.04, doubled: 0.2, late: 0.25, crashes: 0.08, hangs: 0.04 },
};

const dup: Profile = {
  ...chaos,
  name: 'dup',
  submit: { ...chaos.submit, late: 0.35 },
  batch: { ...chaos.batch, listLagMs: 150_000, terminateMs: 120_000 },
};

const alldrop: Profile = { ...chaos, name: 'alldrop', events: { ...chaos.events, drop: 1 } };

/** Nothing dies and nothing is lost: whatever then waits for tick has a fast path that does not work. */
const race: Profile = {
  ...chaos,
  name: 'race',
  tick: false,
  calls: {
    crashBefore: 0,
    crashLate: 0,
    error: 0,
    late: 0,
    lost: 0,
    again: 0.03,
    ghost: 0.03,
    pause: 0.03,
    freeze: 0.01,
  },
  messages: { duplicate: 0.15, ackLost: 0.05, slow: 0.3 },
  bus: { drop: 0, duplicate: 0.1, late: 0.1 },
  events: { drop: 0, duplicate: 0.2, late: 0.15 },
  // A clock that is far behind takes a try for one that no message can wait for, and that is found by tick.
  lasting: {
    ...chaos.lasting,
    outage: 0,
    fullRateLimit: 0,
    clockBehind: 0,
    unreadable: 0,
    upgraded: 0,
    ticksLost: 0,
    twoTicks: 0,
  },
  submit: { ...chaos.submit, late: 0.15, refused: 0.03 },
  batch: { ...chaos.batch, listLagMs: 90_000, terminateMs: 60_000, forget: 0, describeGap: 0, stuck: 0 },
  people: { ...chaos.people, limits: 0, schedule: 0 },
  functions: { ...chaos.functions, lost: 0, late: 0, crashes: 0, hangs: 0 },
};

/** Every job that can run on Lambda does. For its rules alone: in the other profiles one job of five does. */
const lambda: Profile = {
  ...chaos,
  name: 'lambda',
  people: { ...chaos.people, lambda: 1 },
  functions: { lost: 0.1, doubled: 0.4, late: 0.5, crashes: 0.2, hangs: 0.1 },
};

export const profiles: Readonly<Record<NamedProfile, Profile>> = { chaos, dup, alldrop, race, lambda };
/** In turn. */
export const profileNames: readonly ProfileName[] = ['chaos', 'dup', 'alldrop', 'race', 'drawn'];

/** Faults stop here; then the world must come to rest with every promise kept. */
export const FAULTS_END_MS = 600_000;
