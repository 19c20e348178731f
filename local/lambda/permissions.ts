/**
 * The policy of each function: who may invoke it.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
 */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { ACCOUNT_ID, ApiError } from '../aws.ts';
import { letsService, PolicyDocument } from '../resource-policy.ts';

export const PermissionRequest = z.strictObject({
  StatementId: z.string().regex(/^[\w-]{1,100}$/),
  Action: z.string().regex(/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/),
  Principal: z.string().regex(/^[^\s]+$/),
  SourceArn: z.string().startsWith('arn:').optional(),
  SourceAccount: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
});
export type Permission = z.infer<typeof PermissionRequest>;

export interface Permissions {
  /** Adds a permission until the end of this process. */
  declare(functionName: string, permission: Permission): void;
  /** @throws ResourceConflictException for a statement id that is taken */
  add(functionName: string, permission: Permission): { Statement: string };
  /** @throws ResourceNotFoundException */
  remove(functionName: string, statementId: string): void;
  /** @throws ResourceNotFoundException for a function without a policy */
  policyOf(functionName: string): { Policy: string };
  lets(functionName: string, service: string, sourceArn: string): boolean;
}

export function openPermissions(database: DatabaseSync, region: string): Permissions {
  database.exec(
    `CREATE TABLE IF NOT EXISTS permissions (
       function_name TEXT, statement_id TEXT, statement TEXT, PRIMARY KEY (function_name, statement_id)
     )`,
  );
  const all = database.prepare('SELECT statement FROM permissions WHERE function_name = ?');
  const one = database.prepare('SELECT 1 FROM permissions WHERE function_name = ? AND statement_id = ?');
  const insert = database.prepare('INSERT INTO permissions VALUES (?, ?, ?)');
  const erase = database.prepare('DELETE FROM permissions WHERE function_name = ? AND statement_id = ?');
  const arnOf = (functionName: string) => `arn:aws:lambda:${region}:${ACCOUNT_ID}:function:${functionName}`;

  const declared = new Map<string, object[]>();

  const documentOf = (functionName: string) => ({
    Version: '2012-10-17',
    Id: 'default',
    Statement: [
      ...(declared.get(functionName) ?? []),
      ...all.all(functionName).map(({ statement }) => JSON.parse(String(statement))),
    ],
  });
  return {
    declare(functionName, permission) {
      const statements = declared.get(functionName) ?? [];
      declared.set(functionName, [...statements, statementOf(permission, arnOf(functionName))]);
    },
    add(functionName, permission) {
      const { StatementId } = permission;
      if (one.get(functionName, StatementId) !== undefined) {
        const message = `The statement id (${StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`;
        throw new ApiError('ResourceConflictException', message, 409);
      }
      const Statement = JSON.stringify(statementOf(permission, arnOf(functionName)));
      insert.run(functionName, StatementId, Statement);
      return { Statement };
    },
    remove(functionName, statementId) {
      if (erase.run(functionName, statementId).changes > 0) return;
      const message = `Statement ${statementId} is not found in resource policy.`;
      throw new ApiError('ResourceNotFoundException', message, 404);
    },
    policyOf(functionName) {
      const document = documentOf(functionName);
      if (document.Statement.length > 0) return { Policy: JSON.stringify(document) };
      throw new ApiError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
    },
    lets(functionName, service, sourceArn) {
      const access = {
        service,
        action: 'lambda:InvokeFunction',
        resourceArn: arnOf(functionName),
        sourceArn,
      };
      return letsService(PolicyDocument.parse(documentOf(functionName)), access);
    },
  };
}

function statementOf(permission: Permission, resourceArn: string): object {
  const { StatementId, Action, Principal, SourceArn, SourceAccount } = permission;
  const conditions = {
    ...(SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
    ...(SourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
  };
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: principalOf(Principal),
    Action,
    Resource: resourceArn,
    ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
  };
}

function principalOf(principal: string): unknown {
  if (principal === '*') return '*';
  return principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal };
}
