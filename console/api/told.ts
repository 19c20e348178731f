/** A call as far as a reader may copy it: where it goes, and what it says. */
export interface Told {
  /** @example post /v1/jobs/{jobId}/cancel */
  readonly operation: string;
  readonly path?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly body?: unknown;
}

/** Below the address of the API. */
export function pathOf({ operation, path = {}, query = {} }: Told): string {
  const [, template = ''] = operation.split(' ');
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const asked = new URLSearchParams(given).toString();
  return `${filled}${asked === '' ? '' : `?${asked}`}`;
}
