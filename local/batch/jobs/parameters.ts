/** `Ref::` placeholders of a command, filled from the parameters of a job. */

/**
 * Fills `Ref::name` arguments. Only whole arguments are documented as placeholders, so `--x=Ref::y` and a
 * name without a parameter stay as they are.
 * @see AWS Batch user guide, "Job definition parameters"
 */
export function fillCommand(
  command: readonly string[],
  parameters: Readonly<Record<string, string>>,
): string[] {
  return command.map((argument) => {
    if (!argument.startsWith('Ref::')) return argument;
    const name = argument.slice('Ref::'.length);
    return Object.hasOwn(parameters, name) ? (parameters[name] ?? argument) : argument;
  });
}
