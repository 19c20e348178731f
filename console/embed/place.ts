/** Where in the element a reader is. It has no address of its own: that belongs to the page around it. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export type Place =
  | { readonly kind: 'jobs'; readonly state?: string | undefined }
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'endpoints' }
  | { readonly kind: 'endpoint'; readonly endpointId: string }
  | { readonly kind: 'delivery'; readonly deliveryId: string; readonly endpointId: string };

export const Going = createContext<(to: Place) => void>(() => {});
export const useGo = () => useContext(Going);

/** The section that a place belongs to. */
export const sectionOf = ({ kind }: Place): 'jobs' | 'endpoints' =>
  kind === 'jobs' || kind === 'job' ? 'jobs' : 'endpoints';
