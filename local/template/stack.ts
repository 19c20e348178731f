/** A planned stack: each value resolved, each resource after those to which it refers, nothing made yet. */
import { ACCOUNT_ID } from '../aws.ts';
import {
  type Identity,
  identify,
  KNOWN_TYPES,
  PARTITION,
  type Resource,
  type Site,
  URL_SUFFIX,
} from './identities.ts';
import { holds, resolve, type Scope } from './intrinsics.ts';
import { parameterValues } from './parameters.ts';
import { refuseUnknownProperties } from './properties.ts';
import { TemplateRefusal } from './refusal.ts';
import type { Template } from './template.ts';

export interface Stack {
  readonly site: Site;
  /** The resources whose condition holds, each after those to which it refers or on which it depends. */
  readonly resources: readonly Resource[];
  identity(logicalId: string): Identity;
  /** Replaces an assumed identity by the answer of a service; later calls of `resource` and `outputs` see it. */
  settle(logicalId: string, identity: Identity): void;
  resource(logicalId: string): Resource;
  outputs(): Record<string, string>;
}

export interface StackOptions extends Site {
  readonly parameters: Readonly<Record<string, string>>;
}

/** @throws TemplateRefusal for everything in the template that this cloud does not know */
export function planStack(template: Template, options: StackOptions): Stack {
  const { parameters, ...site } = options;
  const identities = new Map<string, Identity>();
  const scope = stackScope(template, { site, parameters, identityOf: (id, place) => visit(id, place) });
  const order: Resource[] = [];
  const underWay: string[] = [];

  function visit(logicalId: string, place: string): Identity {
    const settled = identities.get(logicalId);
    if (settled !== undefined) return settled;
    const declared = template.Resources[logicalId];
    if (declared === undefined) throw new TemplateRefusal(place, `there is no ${logicalId} in the template`);
    if (!isWanted(declared.Condition, place)) {
      throw new TemplateRefusal(place, `${logicalId} is left out by its condition ${declared.Condition}`);
    }
    if (underWay.includes(logicalId)) {
      const circle = [...underWay.slice(underWay.indexOf(logicalId)), logicalId];
      throw new TemplateRefusal(place, `resources refer to each other in a circle: ${circle.join(' -> ')}`);
    }
    underWay.push(logicalId);
    for (const name of declared.DependsOn) {
      const condition = template.Resources[name]?.Condition;
      if (isWanted(condition, place)) visit(name, `Resources.${logicalId}.DependsOn`);
    }
    const planned = resource(logicalId);
    const identity = identify(planned, site);
    if (identity === undefined) {
      const known = KNOWN_TYPES.join(', ');
      throw new TemplateRefusal(
        `Resources.${logicalId}`,
        `${planned.type} is not supported here; supported: ${known}`,
      );
    }
    refuseUnknownProperties(planned);
    underWay.pop();
    identities.set(logicalId, identity);
    order.push(planned);
    return identity;
  }

  const isWanted = (condition: string | undefined, place: string) =>
    condition === undefined || scope.condition(condition, place);

  const resource = (logicalId: string): Resource => ({
    logicalId,
    type: template.Resources[logicalId]?.Type ?? '',
    properties: asRecord(
      resolve(template.Resources[logicalId]?.Properties, {
        scope,
        place: `Resources.${logicalId}.Properties`,
      }),
    ),
  });

  for (const [logicalId, { Condition }] of Object.entries(template.Resources)) {
    if (isWanted(Condition, `Resources.${logicalId}`)) visit(logicalId, `Resources.${logicalId}`);
  }
  return {
    site,
    resources: order,
    identity: (logicalId) => visit(logicalId, 'a caller of the embedded cloud'),
    settle: (logicalId, identity) => identities.set(logicalId, identity),
    resource,
    outputs: () => {
      const wanted = Object.entries(template.Outputs).filter(([name, { Condition }]) =>
        isWanted(Condition, `Outputs.${name}`),
      );
      return Object.fromEntries(
        wanted.map(([name, { Value }]) => [
          name,
          String(resolve(Value, { scope, place: `Outputs.${name}` })),
        ]),
      );
    },
  };
}

interface Names {
  readonly site: Site;
  readonly parameters: Readonly<Record<string, string>>;
  identityOf(logicalId: string, place: string): Identity;
}

function stackScope(template: Template, { site, parameters, identityOf }: Names): Scope {
  const values = parameterValues(template.Parameters, parameters);
  const pseudo: ReadonlyMap<string, unknown> = new Map([
    ['AWS::AccountId', ACCOUNT_ID],
    ['AWS::NoValue', undefined],
    ['AWS::Partition', PARTITION],
    ['AWS::Region', site.region],
    ['AWS::StackName', site.stackName],
    ['AWS::URLSuffix', URL_SUFFIX],
  ]);
  const scope: Scope = {
    ref(name, place) {
      if (pseudo.has(name)) return pseudo.get(name);
      if (name.startsWith('AWS::')) {
        const known = [...pseudo.keys()].join(', ');
        throw new TemplateRefusal(place, `${name} is not supported here; supported: ${known}`);
      }
      return values.has(name) ? values.get(name) : identityOf(name, place).ref;
    },
    attribute(logicalId, attribute, place) {
      const { attributes } = identityOf(logicalId, place);
      if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
      const known = Object.keys(attributes).join(', ');
      const type = template.Resources[logicalId]?.Type;
      throw new TemplateRefusal(
        place,
        `${logicalId} (${type}) has no attribute ${attribute} here; it has ${known}`,
      );
    },
    condition(name, place) {
      const body = template.Conditions[name];
      if (body === undefined)
        throw new TemplateRefusal(place, `there is no condition ${name} in the template`);
      return holds(body, { scope, place: `Conditions.${name}` });
    },
    mappings: template.Mappings,
    region: site.region,
  };
  return scope;
}

function asRecord(value: unknown): Record<string, unknown> {
  // `resolve` keeps an object an object, unless the whole of Properties is one intrinsic.
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
