/** Links and anchors of a page, as GitHub renders them. */

export interface Page {
  /** Below the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const FENCED = /^```.*?^```$/gms;
const INLINE_LINK = /\]\(([^)\s]+)\)/g;
const DEFINED_LINK = /^\[[^\]]+\]: (\S+)$/gm;

/** Links to places of this repository, without those in code. */
export function linksOf({ text }: Page): string[] {
  const prose = text.replaceAll(FENCED, '').replaceAll(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(INLINE_LINK), ...prose.matchAll(DEFINED_LINK)].map(
    ([, link = '']) => link,
  );
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

/** The anchors of headings, and those that a page names itself. @see https://github.com/gjtorikian/html-pipeline, TableOfContentsFilter */
export function anchorsOf(page: Page | undefined): string[] {
  if (page === undefined) return [];
  const prose = page.text.replaceAll(FENCED, '');
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...[...prose.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)];
}
