/** The console of a laptop: pages at the address of the embedded cloud, which take calls to the door for operators there. */
import type { ConsoleServer } from '../console/server/server.ts';
import type { Cloud, CloudOptions } from '../local/cloud.ts';

export interface LaptopConsole extends NonNullable<CloudOptions['pages']> {
  /** Before it the pages answer nothing: a cloud has its address when it has started. */
  point(cloud: Cloud): void;
}

/** @param pages the folder with the built pages */
export function laptopConsole(pages: string): LaptopConsole {
  const pointed = Promise.withResolvers<Cloud>();
  let server: Promise<ConsoleServer> | undefined;
  return {
    prefix: '/console/',
    point: (cloud) => pointed.resolve(cloud),
    serve(request, response) {
      server ??= pointed.promise.then((cloud) => open(pages, cloud));
      server.then(
        (serve) => serve(request, response),
        () => response.writeHead(503).end(),
      );
    },
  };
}

/** Loaded with the first page that is asked for, so that a stack without one starts as fast as before. */
async function open(pages: string, cloud: Cloud): Promise<ConsoleServer> {
  const { consoleServer } = await import('../console/server/server.ts');
  const { sessions } = await import('../console/server/sessions.ts');
  const { environment, outputs } = cloud;
  const { ApiUrl: apiUrl = '', OperateUrl: operateUrl = '' } = outputs;
  const { AWS_REGION: region = '' } = environment;
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment;
  return consoleServer({
    pages,
    sessions: sessions(Date.now, false),
    about: () => ({ stage: 'laptop', region, apiUrl, operateUrl }),
    target: () => ({
      url: new URL(operateUrl),
      region,
      credentials: async () => ({ accessKeyId, secretAccessKey }),
    }),
  });
}
