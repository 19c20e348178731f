import { TemplateRefusal } from './refusal.ts';
import type { Parameter } from './template.ts';

export type ParameterValue = string | number | readonly string[];

/**
 * The value of each parameter: the given one, else its default.
 *
 * @throws TemplateRefusal for an unknown name, a missing value, or a value that the constraints exclude
 */
export function parameterValues(
  declared: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, ParameterValue> {
  const unknown = Object.keys(given).filter((name) => declared[name] === undefined);
  if (unknown.length > 0) {
    const names = Object.keys(declared).toSorted().join(', ') || 'none';
    throw new TemplateRefusal('Parameters', `there is no ${unknown.join(', ')}; the template has ${names}`);
  }
  return new Map(
    Object.entries(declared).map(([name, parameter]) => {
      const value = given[name] ?? parameter.Default;
      if (value === undefined)
        throw new TemplateRefusal(`Parameters.${name}`, 'has no default and was not given');
      return [name, typed(`Parameters.${name}`, parameter, String(value))];
    }),
  );
}

function typed(place: string, parameter: Parameter, text: string): ParameterValue {
  if (parameter.Type === 'Number') {
    const number = Number(text);
    if (text.trim() === '' || Number.isNaN(number))
      throw new TemplateRefusal(place, `"${text}" is no number`);
    constrain(place, parameter, text, {
      amount: number,
      least: parameter.MinValue,
      most: parameter.MaxValue,
    });
    return number;
  }
  if (parameter.Type.startsWith('AWS::SSM::')) {
    throw new TemplateRefusal(place, `${parameter.Type} is not supported: there is no Parameter Store here`);
  }
  if (parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<')) {
    const items = text.split(',').map((item) => item.trim());
    for (const item of items) constrain(place, parameter, item);
    return items;
  }
  constrain(place, parameter, text, {
    amount: text.length,
    least: parameter.MinLength,
    most: parameter.MaxLength,
  });
  return text;
}

interface Range {
  readonly amount: number;
  readonly least: number | undefined;
  readonly most: number | undefined;
}

function constrain(place: string, parameter: Parameter, text: string, range?: Range): void {
  const { AllowedValues, AllowedPattern, ConstraintDescription } = parameter;
  const { amount = 0, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = range ?? {};
  const fits =
    (AllowedValues?.some((allowed) => String(allowed) === text) ?? true) &&
    (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(text)) &&
    amount >= least &&
    amount <= most;
  if (fits) return;
  throw new TemplateRefusal(
    place,
    `"${text}" is outside its constraints. ${ConstraintDescription ?? ''}`.trim(),
  );
}
