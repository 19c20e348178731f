/** How a function's asynchronous invocations are retried, and where their results go. */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { ACCOUNT_ID, ApiError } from '../../aws.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html */
const DEFAULTS = { retries: 2, maximumAgeSeconds: 21_600 };

const Arn = z
  .string()
  .regex(
    /^arn:aws:(sqs|lambda|events):/,
    'not implemented here: a destination other than a queue, a function or a bus',
  );
const Destination = z
  .strictObject({ Destination: Arn.optional() })
  .transform(({ Destination }) => Destination);
const Destinations = z.strictObject({ OnSuccess: Destination.optional(), OnFailure: Destination.optional() });

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
export const InvokeConfigRequest = z.strictObject({
  MaximumRetryAttempts: z.int().min(0).max(2).exactOptional(),
  MaximumEventAgeInSeconds: z.int().min(60).max(21_600).exactOptional(),
  DestinationConfig: Destinations.exactOptional(),
});
export type InvokeConfig = z.infer<typeof InvokeConfigRequest>;

export interface Handling {
  readonly retries: number;
  readonly maximumAgeMs: number;
  /** ARNs. */
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
}

export interface InvokeConfigs {
  /** Holds until the end of this process, for a function without a configuration that was put. */
  declare(functionName: string, config: InvokeConfig): void;
  /** What holds for a function, configured or not. */
  of(functionName: string): Handling;
  /** Replaces the configuration as a whole. */
  put(functionName: string, config: InvokeConfig): object;
  /** Replaces the members that are given. */
  update(functionName: string, config: InvokeConfig): object;
  /** @throws ResourceNotFoundException */
  get(functionName: string): object;
  /** @throws ResourceNotFoundException */
  remove(functionName: string): void;
}

export function openInvokeConfigs(database: DatabaseSync, region: string, now: () => number): InvokeConfigs {
  database.exec(
    'CREATE TABLE IF NOT EXISTS event_invoke_configs (function_name TEXT PRIMARY KEY, config TEXT, modified_at_ms INTEGER)',
  );
  const select = database.prepare('SELECT * FROM event_invoke_configs WHERE function_name = ?');
  const insert = database.prepare('INSERT OR REPLACE INTO event_invoke_configs VALUES (?, ?, ?)');
  const erase = database.prepare('DELETE FROM event_invoke_configs WHERE function_name = ?');

  const declared = new Map<string, { config: InvokeConfig; modifiedAtMs: number }>();

  const find = (functionName: string) => {
    const row = select.get(functionName);
    if (row === undefined) return declared.get(functionName);
    const config: InvokeConfig = JSON.parse(String(row['config'])); // as `write` wrote it
    return { config, modifiedAtMs: Number(row['modified_at_ms']) };
  };
  const found = (functionName: string) => {
    const known = find(functionName);
    if (known !== undefined) return known;
    const message = `The function ${functionName} doesn't have an EventInvokeConfig`;
    throw new ApiError('ResourceNotFoundException', message, 404);
  };
  const shown = (functionName: string) => {
    const { config, modifiedAtMs } = found(functionName);
    const { OnSuccess, OnFailure } = config.DestinationConfig ?? {};
    return {
      FunctionArn: `arn:aws:lambda:${region}:${ACCOUNT_ID}:function:${functionName}:$LATEST`,
      LastModified: modifiedAtMs / 1000,
      MaximumRetryAttempts: config.MaximumRetryAttempts,
      MaximumEventAgeInSeconds: config.MaximumEventAgeInSeconds,
      DestinationConfig: {
        OnSuccess: { Destination: OnSuccess },
        OnFailure: { Destination: OnFailure },
      },
    };
  };
  const write = (functionName: string, config: InvokeConfig) => {
    insert.run(functionName, JSON.stringify(config), now());
    return shown(functionName);
  };

  return {
    declare: (functionName, config) => void declared.set(functionName, { config, modifiedAtMs: now() }),
    of(functionName) {
      const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } =
        find(functionName)?.config ?? {};
      return {
        retries: MaximumRetryAttempts ?? DEFAULTS.retries,
        maximumAgeMs: (MaximumEventAgeInSeconds ?? DEFAULTS.maximumAgeSeconds) * 1000,
        onSuccess: DestinationConfig?.OnSuccess,
        onFailure: DestinationConfig?.OnFailure,
      };
    },
    put: write,
    update: (functionName, config) => write(functionName, { ...find(functionName)?.config, ...config }),
    get: shown,
    remove(functionName) {
      found(functionName);
      erase.run(functionName);
      declared.delete(functionName);
    },
  };
}
