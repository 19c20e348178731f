/** `headgate slots`: compares the holders of slots with the records. */
import { auditSlots, repairSlots } from '../application/tenant/slot-audit.ts';
import { TenantId } from '../domain/job/ids.ts';
import { findingText } from '../domain/tenant/slot-audit.ts';
import { jobLists } from '../io/table/job-lists.ts';
import { flag, type Noun, option, verb } from './program/verb.ts';
import { placeOptions } from './stack/place.ts';
import { withStack } from './stack/stack.ts';

const audit = verb({
  summary: 'compare each gate with the records',
  options: {
    tenant: option('TENANT', 'the gate of this tenant alone', TenantId.optional()),
    repair: flag('release leaks, and add missing holders'),
    ...placeOptions,
  },
  details: `A leak is a holder whose attempt is over; a missing one is a job that has a slot and is no holder; a gate may have more
holders than a cap allows. Exit code 1 means that there is or was a difference.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { output } = context;
      const records = await stack.records();
      const tenants =
        values.tenant === undefined
          ? (await records.tenants.list()).map(({ tenantId }) => tenantId)
          : [values.tenant];
      let differs = 0;
      for (const tenantId of tenants) {
        const findings = await auditSlots({ ...records, lists: jobLists(records.items) }, tenantId);
        for (const finding of findings)
          output.show([{ tenantId, ...finding }], (page) =>
            page.line(`${tenantId}  ${findingText(finding)}`),
          );
        differs += findings.filter(({ kind }) => kind !== 'above_cap').length;
        if (values.repair && findings.length > 0) await repairSlots(records, tenantId, findings);
      }
      output.note(
        `${tenants.length} gates compared, ${differs} holders ${values.repair ? 'were repaired' : 'differ'}.`,
      );
      return differs === 0 ? 'done' : 'failed';
    }),
});

export const noun: Noun = { summary: 'the slots of tenants', verbs: { audit } };
