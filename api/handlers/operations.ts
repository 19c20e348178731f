/** Operations, for operators. */

import { type MatchPorts, previewOperation } from '../../application/operation/matches.ts';
import {
  type CancelOperationPorts,
  cancelOperation,
  type OperationListPorts,
  operationOf,
  type StartPorts,
  startOperation,
} from '../../application/operation/operations.ts';
import { notFound, type Refused } from '../../application/resources/refused.ts';
import { problem } from '../../domain/errors.ts';
import { operationView, workOf } from '../../domain/operation/asked.ts';
import { isOver, type Operation } from '../../domain/operation/operation.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import { bulkOperations } from '../contract/operations.ts';
import { type Answer, type Handlers, ok } from '../handler.ts';
import { requestKeyOf } from './parameters.ts';

export interface OperationPorts extends StartPorts, CancelOperationPorts, OperationListPorts, MatchPorts {
  readonly operations: StartPorts['operations'] &
    CancelOperationPorts['operations'] &
    OperationListPorts['operations'];
  readonly submitQueue: StartPorts['submitQueue'];
  readonly clock: StartPorts['clock'];
}

export function operationHandlers(ports: OperationPorts): Handlers<keyof typeof bulkOperations> {
  const { operations, clock } = ports;
  const read = (body: string) => {
    const asked = readBodyAs(bulkOperations.startOperation.body, body);
    if (asked.kind === 'refused') return asked;
    const { kind, filter, perSecond, max: most } = asked.value;
    const found = workOf(kind, filter, clock.nowMs());
    return found.kind === 'refused' ? found : ({ kind: 'asked', work: found.work, perSecond, most } as const);
  };
  return {
    async startOperation({ caller, headers, body }) {
      const requestKey = requestKeyOf(headers);
      if (requestKey === undefined) return keyMissing;
      if (requestKey.kind === 'refused') return requestKey;
      const asked = read(body);
      if (asked.kind === 'refused') return asked;
      const { work, perSecond, most } = asked;
      const done = await startOperation(ports, {
        work,
        perSecond,
        most,
        operator: caller.by,
        requestKey: requestKey.key,
      });
      if (done.kind === 'refused') return done;
      if (done.kind === 'created') return shown(202, done.operation);
      return { ...shown(200, done.operation), headers: { 'Idempotent-Replayed': 'true' } };
    },

    async previewOperation({ body }) {
      const asked = read(body);
      if (asked.kind === 'refused') return asked;
      const counted = await previewOperation(ports, asked.work);
      if (counted.kind === 'refused') return counted;
      const { kind: _, ...preview } = counted;
      return ok(preview);
    },

    async listOperations() {
      return ok({ items: (await operations.list()).map(operationView) });
    },

    async getOperation({ path }) {
      const found = await operationOf(ports, path['operationId'] ?? '');
      return found === undefined ? notFound : shown(200, found);
    },

    async cancelOperation({ path }) {
      const done = await cancelOperation(ports, path['operationId'] ?? '');
      if (done.kind === 'refused') return done;
      return shown(isOver(done.operation) ? 200 : 202, done.operation);
    },
  };
}

const shown = (status: number, operation: Operation): Answer => ({
  kind: 'answer',
  status,
  body: operationView(operation),
});

const keyMissing: Refused = {
  kind: 'refused',
  problem: problem(
    'idempotency_key_missing',
    '/Idempotency-Key',
    'Expected the header Idempotency-Key: with it a lost answer is asked for again.',
  ),
};
