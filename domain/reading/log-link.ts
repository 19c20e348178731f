/** The address at which a person reads a container's log. */

export interface LogPlace {
  readonly region: string;
  readonly group: string;
}

/**
 * The CloudWatch console's address of one log stream. Its fragment is encoded twice, with `$` in place of the outer
 * `%`: a slash becomes `$252F`.
 */
export function logUrl({ region, group }: LogPlace, stream: string): string {
  const encoded = (text: string) => encodeURIComponent(encodeURIComponent(text)).replaceAll('%', '$');
  const place = `log-group/${encoded(group)}/log-events/${encoded(stream)}`;
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logsV2:log-groups/${place}`;
}
