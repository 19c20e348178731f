/**
 * `<headgate-jobs src="https://…">`: the jobs and webhooks of one tenant within a page of yours. Where it asks is fixed when it enters
 * the page, and it has no token but what `getToken` of this very element gives, so markup that a stranger gets into a page reads nothing.
 */
import { h, render } from 'preact';
import { doorAt, type GetToken } from './doors.ts';
import style from './embed.css?inline';
import type { Place } from './place.ts';
import { Screens } from './screens.tsx';

export class HeadgateJobs extends HTMLElement {
  #shown: ShadowRoot | undefined;
  #given = Promise.withResolvers<GetToken>();
  #getToken: GetToken | undefined;

  /** Asked for a tenant token with `jobs:read`, and `endpoints:read` for webhooks. Nothing is read before a page has set it. */
  get getToken(): GetToken | undefined {
    return this.#getToken;
  }
  set getToken(getToken: GetToken | undefined) {
    this.#getToken = getToken;
    if (getToken !== undefined) this.#given.resolve(getToken);
  }

  connectedCallback(): void {
    // A page may have set it before this script was there, as a property of the element's own.
    const early = Object.getOwnPropertyDescriptor(this, 'getToken');
    if (early !== undefined && Reflect.deleteProperty(this, 'getToken')) this.getToken = early.value;
    const shown = this.#shown ?? this.attachShadow({ mode: 'open', delegatesFocus: false });
    if (this.#shown === undefined) shown.adoptedStyleSheets = [sheet()];
    this.#shown = shown;
    const base = baseOf(this.getAttribute('src'));
    if (base === undefined) {
      render(h('p', { role: 'alert' }, 'Expected src to be the https address of the API.'), shown);
      return;
    }
    const door = doorAt(base, async (asked) => {
      const first = await this.#given.promise;
      return (this.#getToken ?? first)(asked);
    });
    const jobId = this.getAttribute('job') ?? undefined;
    render(h(Screens, { door, jobId, onGo: this.#tell }), shown);
  }

  disconnectedCallback(): void {
    if (this.#shown !== undefined) render(null, this.#shown);
  }

  /** With ids alone: whatever listens in the page learns nothing that it could act with. */
  #tell = (place: Place): void => {
    this.dispatchEvent(new CustomEvent('headgate-go', { detail: { ...place }, bubbles: true }));
  };
}

/** Never over a wire that others read; a laptop has no certificate. */
function baseOf(src: string | null): string | undefined {
  if (src === null || !URL.canParse(src)) return undefined;
  const { protocol, hostname, origin, pathname } = new URL(src);
  const isHere = ['localhost', '127.0.0.1'].includes(hostname) || hostname.endsWith('.localhost');
  if (protocol !== 'https:' && !(protocol === 'http:' && isHere)) return undefined;
  return origin + pathname.replace(/\/$/, '');
}

function sheet(): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(style);
  return made;
}

if (customElements.get('headgate-jobs') === undefined) customElements.define('headgate-jobs', HeadgateJobs);
