/** What is around each screen: the sections, the search, whether what is shown is up to date. */
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter';
import { ActDialog } from '../parts/act.tsx';
import { useKeys } from '../parts/keys.ts';
import type { Badge } from './badge.ts';
import { useBadges } from './badges.ts';
import { Find } from './find.tsx';
import { Help } from './help.tsx';
import { Live } from './live.tsx';
import { details, sections } from './screens.ts';

export function Frame() {
  const [path, navigate] = useLocation();
  const main = useRef<HTMLElement>(null);
  const badges = useBadges();
  useSectionKeys(navigate);
  useFocusOnChange(path, main);
  return (
    <div class="frame">
      <a class="skip" href="#screen">
        Skip to the screen
      </a>
      <header class="side">
        <p class="brand">
          <img src="/console/mark.svg" alt="" width="16" height="16" /> Headgate
        </p>
        <nav aria-label="Sections" class="sections">
          {sections.map((section) => (
            <a
              key={section.path}
              href={`/console${section.path}`}
              aria-current={isWithin(path, section.path) ? 'page' : undefined}
            >
              {section.name}
              <Badged badge={badges[section.path]} />
            </a>
          ))}
        </nav>
        <Live />
      </header>
      <div class="top">
        <Find />
        <Help />
      </div>
      <main id="screen" ref={main}>
        <Switch>
          {[...sections, ...details].map(({ path: each, screen }) => (
            <Route key={each} path={each} component={screen} />
          ))}
          <Route>
            <h1>There is no such page.</h1>
          </Route>
        </Switch>
      </main>
      <ActDialog />
    </div>
  );
}

function Badged({ badge }: { badge: Badge | undefined }) {
  if (badge === undefined) return null;
  return (
    <span class="badge">
      {badge.text} <span class="unseen">{badge.says}</span>
    </span>
  );
}

const isWithin = (path: string, section: string): boolean =>
  section === '/' ? path === '/' : path === section || path.startsWith(`${section}/`);

function useSectionKeys(navigate: (path: string) => void): void {
  const keys = useMemo(
    () => Object.fromEntries(sections.map(({ key, path }) => [`g ${key}`, () => navigate(path)])),
    [navigate],
  );
  useKeys(keys);
}

/**
 * A reader of the screen hears where it is; the first screen is read from its top anyway. Before the paint, or it would take the focus
 * from a field in which a reader writes already.
 */
function useFocusOnChange(path: string, main: { readonly current: HTMLElement | null }): void {
  const before = useRef(path);
  useLayoutEffect(() => {
    if (before.current === path) return;
    before.current = path;
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [path, main]);
}
