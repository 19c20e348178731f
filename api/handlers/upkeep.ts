/** Whether the stack keeps up, for operators. */

import { lookAtUpkeep, type UpkeepPorts } from '../../application/repair/upkeep.ts';
import { type ActivityPorts, lookAtActivity } from '../../application/resources/activity.ts';
import { checksOf } from '../../domain/reading/upkeep-view.ts';
import type { upkeepOperations } from '../contract/upkeep.ts';
import { type Handlers, ok } from '../handler.ts';

export function upkeepHandlers(ports: UpkeepPorts & ActivityPorts): Handlers<keyof typeof upkeepOperations> {
  return {
    async getActivity() {
      return ok(await lookAtActivity(ports));
    },

    async getUpkeep() {
      const upkeep = await lookAtUpkeep(ports);
      return ok({ items: checksOf(upkeep), deadLetters: upkeep.deadLetters });
    },
  };
}
