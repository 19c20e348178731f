import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { TemplateRefusal } from './refusal.ts';

const Resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Condition: z.string().optional(),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  // Policies for data when a stack changes; the owner of a data directory keeps or removes it.
  DeletionPolicy: z.unknown().optional(),
  UpdateReplacePolicy: z.unknown().optional(),
  Metadata: z.unknown().optional(),
});

const Parameter = z.strictObject({
  Type: z.string(),
  Default: z.union([z.string(), z.number()]).optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
  AllowedPattern: z.string().optional(),
  MinValue: z.coerce.number().optional(),
  MaxValue: z.coerce.number().optional(),
  MinLength: z.coerce.number().optional(),
  MaxLength: z.coerce.number().optional(),
  ConstraintDescription: z.string().optional(),
  Description: z.string().optional(),
  NoEcho: z.unknown().optional(),
});
export type Parameter = z.infer<typeof Parameter>;

/**
 * The sections that this cloud reads, strictly: `Transform`, `Rules` and `Hooks` would change the meaning of the
 * others.
 */
const Template = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: z.unknown().optional(),
  Parameters: z.record(z.string(), Parameter).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), Resource),
  Outputs: z
    .record(
      z.string(),
      z.strictObject({
        Value: z.unknown().optional(),
        Condition: z.string().optional(),
        Description: z.string().optional(),
        Export: z.unknown().optional(),
      }),
    )
    .default({}),
});
export type Template = z.infer<typeof Template>;

/** @throws TemplateRefusal naming the file and each unknown part of it */
export async function readTemplate(path: string): Promise<Template> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new TemplateRefusal(path, 'there is no packaged template; run `npm run build`');
  });
  try {
    return parseTemplate(JSON.parse(text), path);
  } catch (error) {
    throw error instanceof SyntaxError ? new TemplateRefusal(path, `is not JSON: ${error.message}`) : error;
  }
}

export function parseTemplate(content: unknown, name = 'template'): Template {
  const parsed = Template.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new TemplateRefusal(name, `not understood:\n${z.prettifyError(parsed.error)}`);
}
