/**
 * The right of this page to act: a secret in its memory, given for a code of the address, which is taken out of it at once. Pages that
 * are opened beside this one ask it for the secret, and no other origin can hear them.
 */

/** What the server says of the stack behind it. */
export interface Place {
  readonly stage: string;
  readonly region: string;
  readonly apiUrl: string;
  readonly operateUrl: string;
  /** Whether it can look at the account as well. */
  readonly hasDoctor: boolean;
}

interface Session extends Place {
  readonly secret: string;
}

const BASE = '/console';
const NEIGHBOUR_MS = 250;
const neighbours = new BroadcastChannel('headgate-console');
let session: Session | undefined;
let opening: Promise<Session | undefined> | undefined;

neighbours.addEventListener('message', ({ data }) => {
  if (data === 'session?' && session !== undefined) neighbours.postMessage(session);
});

export const place = (): Place | undefined => session;

/** Of the session that is open, or of one that is opened now; undefined when none can be. */
export async function secretOf(): Promise<string | undefined> {
  if (session !== undefined) return session.secret;
  opening ??= open().finally(() => {
    opening = undefined;
  });
  session = await opening;
  return session?.secret;
}

/** The server does not know it any more. */
export function forget(secret: string): void {
  if (session?.secret === secret) session = undefined;
}

async function open(): Promise<Session | undefined> {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? '';
  // Out of the address before anything else: it would be in the history, and in a link that is passed on.
  if (code !== '') history.replaceState(history.state, '', location.pathname + location.search);
  if (code === '') {
    const shared = await fromNeighbour();
    if (shared !== undefined) return shared;
  }
  const response = await fetch(`${BASE}/session`, { method: 'POST', body: code });
  if (!response.ok) return undefined;
  return (await response.json()) as Session; // what the server of this page makes
}

function fromNeighbour(): Promise<Session | undefined> {
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent) => {
      if (typeof data === 'object' && data !== null && 'secret' in data) end(data as Session); // of this origin alone
    };
    const end = (found?: Session) => {
      neighbours.removeEventListener('message', listen);
      clearTimeout(timer);
      resolve(found);
    };
    const timer = setTimeout(end, NEIGHBOUR_MS);
    neighbours.addEventListener('message', listen);
    neighbours.postMessage('session?');
  });
}
