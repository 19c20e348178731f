/** `headgate console`: the console on this machine, which acts on a stack with the operator's own rights. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetFunctionUrlConfigCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { type About, consoleServer } from '../../console/server/server.ts';
import { sessions } from '../../console/server/sessions.ts';
import { systemClock } from '../../io/process/clock.ts';
import { buildConsole, CONSOLE_FOLDER } from '../../tools/build-console.ts';
import { examine } from '../doctor/doctor.ts';
import { type Context, flag, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { type Stack, withStack } from '../stack/stack.ts';
import { openPage } from './open-page.ts';

const options = {
  port: option(
    'N',
    'listens on this port instead of a free one',
    z
      .string()
      .regex(/^\d{1,5}$/, 'expected a port')
      .transform(Number)
      .refine((port) => port < 65_536, 'expected a port')
      .optional(),
  ),
  print: flag('shows the address instead of opening a browser'),
  ...placeOptions,
};

export const console = verb({
  summary: 'what jobs, tenants and schedules do, in a browser, and what to do about it',
  options,
  details: `It listens on 127.0.0.1 until Ctrl-C, and signs what its pages ask with your AWS credentials, for the door for operators of this one
stack. A page is opened by a code that is valid once, within a minute; Enter opens another page. A page that did nothing for
eight hours has to be opened anew.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      await buildConsole();
      const client = stack.client(LambdaClient);
      const about = await aboutOf(stack, client);
      const known = sessions(systemClock.nowMs, true);
      const url = new URL(about.operateUrl);
      const serve = consoleServer({
        pages: CONSOLE_FOLDER,
        sessions: known,
        about: () => about,
        doctor: () => examine(stack),
        target: () => ({ url, region: about.region, credentials: client.config.credentials }),
      });
      const server = createServer(serve).listen(values.port ?? 0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo; // it listens
      const address = `http://127.0.0.1:${port}/console/`;
      try {
        await invite(address, known.invite, values.print, context);
      } finally {
        server.close().closeAllConnections();
      }
      return 'done';
    }),
});

async function aboutOf(stack: Stack, client: LambdaClient): Promise<About> {
  const urlOf = async (output: string, name: string) => {
    const told = stack.outputs?.[output];
    if (told !== undefined) return told;
    const FunctionName = `headgate-${stack.stage}-${name}`;
    const { FunctionUrl = '' } = await client.send(new GetFunctionUrlConfigCommand({ FunctionName }));
    return FunctionUrl;
  };
  const [operateUrl, apiUrl, region] = await Promise.all([
    urlOf('OperateUrl', 'operate'),
    urlOf('ApiUrl', 'api'),
    client.config.region(),
  ]);
  return { stage: stack.outputs === undefined ? stack.stage : 'laptop', region, apiUrl, operateUrl };
}

/** Opens a page now, and another one at each Enter, until Ctrl-C. */
async function invite(
  address: string,
  codeOf: () => string,
  stayClosed: boolean,
  { output, signal }: Context,
): Promise<void> {
  const open = async () => {
    const link = `${address}#code=${codeOf()}`;
    if (!stayClosed && (await openPage(link, signal)))
      return output.note(`${address} is open in your browser.`);
    output.show([{ url: link }], (page) => page.line(link));
    output.note('It opens one page, within a minute.');
  };
  await open();
  const isTyped = process.stdin.isTTY;
  output.note(isTyped ? 'Enter opens another page, Ctrl-C ends it.' : 'Ctrl-C ends it.');
  const onEnter = () => void open();
  if (isTyped) process.stdin.on('data', onEnter);
  if (!signal.aborted) await once(signal, 'abort');
  process.stdin.off('data', onEnter).pause();
}
