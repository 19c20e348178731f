/** `npm run slots -- audit`: compares the holders of slots with the records. */
import * as z from 'zod';
import { auditSlots, repairSlots } from '../application/tenant/slot-audit.ts';
import { TenantId } from '../domain/job/ids.ts';
import { findingText } from '../domain/tenant/slot-audit.ts';
import { print, readCommand, runCommand, whereOptions } from './command-line.ts';
import { openStack } from './stack.ts';

const USAGE = `Usage: npm run slots -- audit [--tenant ID] [--repair]

Compares each gate with the records: holders whose attempt is over (leak), jobs that have a slot and are no holders
(missing), more holders than a cap allows. With --repair, leaks are released and missing holders added.
Exit code 0 means that nothing differs, 1 that there is or was a difference.

--stage STAGE  --table NAME  --endpoint-url URL  --region REGION
`;

const schemas = {
  audit: z.strictObject({
    ...whereOptions,
    table: z.string().min(1).optional(),
    tenant: TenantId.optional(),
    repair: z.boolean().optional(),
  }),
};

async function main(): Promise<number> {
  const asked = readCommand(schemas, process.argv.slice(2));
  if (asked === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { tenant, repair = false } = asked.options;
  const stack = await openStack(asked.options, process.env);
  try {
    const tenants =
      tenant === undefined ? (await stack.tenants.list()).map(({ tenantId }) => tenantId) : [tenant];
    let differs = 0;
    for (const tenantId of tenants) {
      const findings = await auditSlots(stack, tenantId);
      for (const finding of findings) print(`${tenantId}  ${findingText(finding)}`);
      differs += findings.filter(({ kind }) => kind !== 'above_cap').length;
      if (repair && findings.length > 0) await repairSlots(stack, tenantId, findings);
    }
    const verb = repair ? 'were repaired' : 'differ';
    print(`${tenants.length} gates compared, ${differs} holders ${verb}.`);
    return differs === 0 ? 0 : 1;
  } finally {
    stack.close();
  }
}

await runCommand(main);
