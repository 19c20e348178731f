import { planStack, type Stack } from '../../../local/template/stack.ts';
import { parseTemplate } from '../../../local/template/template.ts';

/** The stack a template becomes, with no service behind it. */
export function stackOf(template: object, parameters: Record<string, string> = {}): Stack {
  return planStack(parseTemplate(template), {
    region: 'us-east-1',
    stackName: 'test',
    endpoint: 'http://127.0.0.1:1',
    parameters,
  });
}

/** What a value becomes in the place of a queue's name, beside the given parts of a template. */
export function resolved(
  value: unknown,
  template: object = {},
  parameters: Record<string, string> = {},
): unknown {
  const Outputs = undefined;
  const { Resources = {} } = template as { Resources?: object };
  const Probe = { Type: 'AWS::Logs::LogGroup', Properties: { Probed: value } };
  const stack = stackOf({ ...template, Outputs, Resources: { ...Resources, Probe } }, parameters);
  return stack.resource('Probe').properties['Probed'];
}
