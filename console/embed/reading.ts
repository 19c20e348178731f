/** Reads again and again while a reader looks, and keeps what was read while there is no answer. */
import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { Door } from './doors.ts';

const SEEN_MS = 5_000;

export const DoorContext = createContext<Door | undefined>(undefined);

export interface Reading<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly readAtMs: number;
  again(): void;
}

/** @param name of what is read: another name begins anew */
export function useReading<T>(name: string, read: (door: Door) => Promise<T>): Reading<T> {
  const door = useContext(DoorContext);
  const latest = useRef(read);
  latest.current = read;
  const [state, setState] = useState<{ name: string } & Omit<Reading<T>, 'again'>>();
  const again = useRef(() => {});
  useEffect(() => {
    if (door === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async () => {
      clearTimeout(timer);
      let data: T | undefined;
      let error: unknown;
      try {
        data = await latest.current(door);
      } catch (thrown) {
        error = thrown;
      }
      if (isOver) return;
      setState((before) => {
        const old = before?.name === name ? before : undefined;
        if (error !== undefined) return { name, data: old?.data, error, readAtMs: old?.readAtMs ?? 0 };
        return { name, data, error, readAtMs: Date.now() };
      });
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (!document.hidden) void look();
      }, SEEN_MS);
    };
    again.current = () => void look();
    const seen = () => {
      if (!document.hidden) void look();
    };
    document.addEventListener('visibilitychange', seen);
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [door, name]);
  const own = state?.name === name ? state : undefined;
  return {
    data: own?.data,
    error: own?.error,
    readAtMs: own?.readAtMs ?? 0,
    again: () => again.current(),
  };
}
