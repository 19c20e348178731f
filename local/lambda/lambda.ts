/** Lambda as the other services and its API see it: the host of the functions, their policies and the queue of their events. */
import type { DatabaseSync } from 'node:sqlite';
import { ApiError, type ApiResponse, type AwsEvent, type PayloadRequest } from '../aws.ts';
import type { Clock } from '../clock.ts';
import { createLambdaApi } from './api.ts';
import { createEventQueue } from './asynchronous/event-queue.ts';
import { createHandOver } from './asynchronous/hand-over.ts';
import { type InvokeConfig, openInvokeConfigs } from './asynchronous/invoke-config.ts';
import { openFunctionUrls, type UrlAnswer, type UrlAuth } from './function-urls.ts';
import { createLambdaHost, type LambdaHost, type LambdaHostOptions } from './host.ts';
import { openPermissions, type Permission } from './permissions.ts';
import type { UrlRequest } from './url-request.ts';

export interface LambdaOptions extends LambdaHostOptions {
  readonly clock: Pick<Clock, 'now' | 'offsetMs' | 'onAdvance'>;
  /** Keeps events, configurations and policies. */
  readonly database: DatabaseSync;
  send(queueArn: string, body: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  publish(event: AwsEvent, busArn: string): Promise<void>;
}

export interface Lambda extends Pick<LambdaHost, 'define' | 'map' | 'renew' | 'kill' | 'start' | 'close'> {
  /** A permission or configuration of the stack, which is made again at each start and therefore not kept. */
  permit(functionName: string, permission: Permission): void;
  configure(functionName: string, config: InvokeConfig): void;
  /** Opens the Function URL of a function. */
  openUrl(functionName: string, auth: UrlAuth): void;
  /** Answers a request to a Function URL. */
  serveUrl(request: UrlRequest): Promise<UrlAnswer>;
  /** Answers calls of Lambda's API. */
  handle(request: PayloadRequest): Promise<ApiResponse>;
  /**
   * Takes an event for a function, which is invoked soon, and up to twice more when it fails.
   * @throws ResourceNotFoundException
   */
  accept(functionArn: string, payload: unknown): void;
  /** Whether a function is there, and whether its policy lets a service invoke it for the resource with this ARN. */
  access(functionArn: string, service: string, sourceArn: string): 'allowed' | 'denied' | 'missing';
}

export function createLambda(options: LambdaOptions): Lambda {
  const { region, database, clock, report } = options;
  const host = createLambdaHost(options);
  const configs = openInvokeConfigs(database, region, clock.now);
  const permissions = openPermissions(database, region);
  const urls = openFunctionUrls({ now: clock.now, invoke: host.invoke });
  const accept = (functionArn: string, payload: unknown): void => {
    const name = nameIn(functionArn);
    if (host.functionNamed(name) === undefined)
      throw new ApiError('ResourceNotFoundException', `Function not found: ${functionArn}`, 404);
    events.accept(name, payload);
  };
  const events = createEventQueue({
    database,
    clock,
    report,
    handlingOf: configs.of,
    invoke: ({ functionName, payload, ...facts }) => host.invoke(functionName, payload, facts),
    settle: createHandOver({
      region,
      report,
      now: clock.now,
      handlingOf: configs.of,
      deadLetterQueueOf: (name) => host.functionNamed(name)?.deadLetterQueueArn,
      send: options.send,
      publish: options.publish,
      invoke: accept,
    }),
  });
  return {
    define: host.define,
    map: host.map,
    renew: host.renew,
    kill: host.kill,
    permit: permissions.declare,
    configure: configs.declare,
    openUrl: urls.open,
    serveUrl: urls.serve,
    handle: createLambdaApi({
      configs,
      permissions,
      functionNamed: host.functionNamed,
      invoke: host.invoke,
      accept: events.accept,
    }),
    accept,
    access(functionArn, service, sourceArn) {
      const name = nameIn(functionArn);
      if (host.functionNamed(name) === undefined) return 'missing';
      return permissions.lets(name, service, sourceArn) ? 'allowed' : 'denied';
    },
    start() {
      host.start();
      events.start();
    },
    async close() {
      events.close();
      await host.close();
    },
  };
}

function nameIn(functionArn: string): string {
  return functionArn.replace(/^.*:function:/, '').replace(/:[^:]*$/, '');
}
