/**
 * Filter patterns for unstructured log events: terms, phrases in quotes, `-` for what must not be there and `?` for
 * what may be one of several.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */

/** @returns undefined for a pattern of another kind, which is not here: JSON, space-delimited or a regular expression */
export function compileFilterPattern(pattern: string): ((message: string) => boolean) | undefined {
  const text = pattern.trim();
  if (/^[{[]/.test(text) || /(^|\s)[-?]?%/.test(text)) return undefined;
  const terms = [...text.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(
    ([, mark, quoted, plain]) => ({
      mark,
      term: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
    }),
  );
  const marked = (wanted: string) => terms.filter(({ mark }) => mark === wanted).map(({ term }) => term);
  const [all, none, some] = [marked(''), marked('-'), marked('?')];
  return (message) =>
    all.every((term) => message.includes(term)) &&
    !none.some((term) => message.includes(term)) &&
    (some.length === 0 || some.some((term) => message.includes(term)));
}
