import document from '../../docs/openapi.json' with { type: 'json' };
import type { serviceOperations } from '../contract/service.ts';
import { type Handlers, ok } from '../handler.ts';

export function serviceHandlers(about: {
  readonly name: 'api' | 'operate';
  readonly audience: string;
}): Handlers<keyof typeof serviceOperations> {
  return {
    getHealth: async () => ok({ status: 'ok', audience: about.audience, door: about.name }),
    getDocument: async () => ok(document),
  };
}
