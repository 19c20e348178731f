/** The top of a screen: where it is, its name, and what can be done with it. It names the page for the browser as well. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Name } from './text.tsx';

export interface HeadProps {
  readonly title: string;
  /** Shown smaller, after the title. */
  readonly id?: string;
  readonly above?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function Head({ title, id, above, children }: HeadProps) {
  useEffect(() => {
    document.title = `${title.slice(0, 80)} · Headgate`;
  }, [title]);
  return (
    <header class="head">
      <div class="title">
        {above !== undefined && <p class="above quiet">{above}</p>}
        <h1 tabIndex={-1}>
          <Name text={title} />
          {id !== undefined && <span class="id quiet">{id}</span>}
        </h1>
      </div>
      {children !== undefined && <div class="acts">{children}</div>}
    </header>
  );
}
