/** All that the element shows, and where in it a reader is. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Door } from './doors.ts';
import { Delivery, Endpoint, Endpoints } from './endpoints.tsx';
import { Job } from './job.tsx';
import { Jobs } from './jobs.tsx';
import { Going, type Place, sectionOf } from './place.ts';
import { DoorContext } from './reading.ts';

export interface ScreensProps {
  readonly door: Door;
  /** The one job that is shown; absent: all. */
  readonly jobId?: string | undefined;
  /** Told to the page around, without anything of a token. */
  onGo(to: Place): void;
}

export function Screens({ door, jobId, onGo }: ScreensProps) {
  const [place, setPlace] = useState<Place>(jobId === undefined ? { kind: 'jobs' } : { kind: 'job', jobId });
  const hasWebhooks = useHasWebhooks(door);
  const root = useRef<HTMLDivElement>(null);
  const isFirst = useRef(true);
  const go = useMemo(
    () => (to: Place) => {
      isFirst.current = false;
      setPlace(to);
      onGo(to);
    },
    [onGo],
  );
  // A reader who came here by a key goes on here; the page around keeps its focus until then.
  useLayoutEffect(() => {
    if (!isFirst.current) root.current?.querySelector<HTMLElement>('nav [aria-current], h2')?.focus();
  }, [place]);
  return (
    <DoorContext.Provider value={door}>
      <Going.Provider value={go}>
        <div ref={root}>
          {jobId === undefined && hasWebhooks && <Sections place={place} go={go} />}
          <At place={place} />
        </div>
      </Going.Provider>
    </DoorContext.Provider>
  );
}

/** A token without the scope for them leads nowhere there. Why there is no token at all is said where jobs are read. */
function useHasWebhooks(door: Door): boolean {
  const [has, setHas] = useState(false);
  useEffect(() => {
    door.scopes().then(
      (scopes) => setHas(scopes.includes('endpoints:read')),
      () => setHas(false),
    );
  }, [door]);
  return has;
}

function Sections({ place, go }: { place: Place; go(to: Place): void }) {
  const here = sectionOf(place);
  return (
    <nav part="sections" aria-label="Headgate">
      {(['jobs', 'endpoints'] as const).map((kind) => (
        <button
          key={kind}
          type="button"
          aria-current={kind === here ? 'page' : undefined}
          onClick={() => go({ kind })}
        >
          {kind === 'jobs' ? 'Jobs' : 'Webhooks'}
        </button>
      ))}
    </nav>
  );
}

function At({ place }: { place: Place }) {
  switch (place.kind) {
    case 'jobs':
      return <Jobs key={place.state} state={place.state} />;
    case 'job':
      return <Job jobId={place.jobId} />;
    case 'endpoints':
      return <Endpoints />;
    case 'endpoint':
      return <Endpoint endpointId={place.endpointId} />;
    case 'delivery':
      return <Delivery deliveryId={place.deliveryId} endpointId={place.endpointId} />;
  }
}
