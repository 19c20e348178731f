/** Queues under simulated time: time passes when no message is left to be handled before. */
const START_MS = Date.UTC(2026, 10, 24, 9);

export const HANDLED = ['front', 'submit', 'events', 'notify'] as const;
export type Handled = (typeof HANDLED)[number];
/** Dead letters stay in their queue, and no webhook here needs another try. */
export const STAGES = [...HANDLED, 'delivery', 'dead'] as const;
export type Stage = (typeof STAGES)[number];

export interface Waiting {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly atMs: number;
  /** Sent by a rule of EventBridge, which sends each event by itself. */
  readonly byRule: boolean;
  /** Whether it came true: a container that is ended early reports no other end. */
  readonly happens: () => boolean;
}

export interface Queues {
  nowMs(): number;
  waitUntil(atMs: number): Promise<void>;
  put(stage: Stage, body: string, given?: Partial<Omit<Waiting, 'id' | 'body'>>): void;
  /** Takes up to so many messages that are there now. */
  take(stage: Handled, most: number): readonly Waiting[];
  /** Lets time pass until the next message. @returns whether there is one by then; if not, no time has passed */
  pass(byMs?: number): boolean;
}

export function virtualQueues(): Queues {
  let nowMs = START_MS;
  let ids = 0;
  const waiting = new Map<Stage, Waiting[]>(STAGES.map((stage) => [stage, []]));
  const of = (stage: Stage) => waiting.get(stage) ?? [];
  return {
    nowMs: () => nowMs,
    waitUntil: async (atMs) => {
      nowMs = Math.max(nowMs, atMs);
    },
    put(stage, body, given = {}) {
      ids += 1;
      const usual = { attributes: {}, atMs: nowMs, byRule: false, happens: () => true };
      of(stage).push({ id: `message-${ids}`, body, ...usual, ...given });
    },
    take(stage, most) {
      const left = of(stage).filter(({ atMs, happens }) => atMs > nowMs || happens());
      const taken = left.filter(({ atMs }) => atMs <= nowMs).slice(0, most);
      waiting.set(
        stage,
        left.filter((one) => !taken.includes(one)),
      );
      return taken;
    },
    pass(byMs = Number.MAX_SAFE_INTEGER) {
      const next = Math.min(...HANDLED.flatMap((stage) => of(stage).map(({ atMs }) => atMs)));
      if (next > byMs) return false;
      nowMs = Math.max(nowMs, next);
      return true;
    },
  };
}
