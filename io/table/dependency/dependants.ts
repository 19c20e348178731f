/**
 * What waits for a job or a group: one item for each, beside what it waits for, whether or not that exists yet.
 *
 * The tenant of the job that waits is part of each key. Ids can be computed by any reader of these lines, so a tenant may name
 * another's job; what it leaves there is never read.
 */
import * as z from 'zod';
import { type Dependant, DependantFields, type Subject } from '../../../domain/dependency/dependant.ts';
import { groupNamed } from '../../../domain/dependency/dependency.ts';
import { groupPartition } from '../group/groups.ts';
import { readRow } from '../rows.ts';
import type { Key, Position, Table } from '../table.ts';

export interface DependantStore {
  /** Those for which something has waited: the others need no query. Consistent, like all of these. */
  having<S extends Subject>(subjects: readonly S[]): Promise<readonly S[]>;
  /** In the order of the names of what waits. @param after the last of the page before */
  page(subject: Subject, limit: number, after?: string): Promise<DependantPage>;
  /** That this one waits for all of these. What is there already stays as it is. */
  link(names: readonly string[], dependant: Dependant): Promise<void>;
  /** That this one waits for that one before all others, and has to be told of its end. */
  watch(name: string, dependant: Dependant): Promise<void>;
}

export interface DependantPage {
  readonly dependants: readonly Dependant[];
  /** Absent on the last page. */
  readonly next?: string;
}

const Stored = DependantFields.extend({ sk: z.string() });

export function dependantStore(items: Table): DependantStore {
  /**
   * The mark comes before the first dependant, so a process that finds none knows that no job waits.
   * Idempotent: a repeat finds it. It has nothing that could differ, and is read first because a read costs half of a write that
   * is refused, and most of many dependants find it.
   */
  const mark = async (subjects: readonly Subject[]) => {
    const marked = new Set((await items.getAll(subjects.map(markKey))).map(({ pk }) => pk));
    const missing = subjects.map(markKey).filter(({ pk }) => !marked.has(pk));
    await Promise.all(missing.map((key) => items.insert(key, {})));
  };

  return {
    async having(subjects) {
      const marked = new Set((await items.getAll(subjects.map(markKey))).map(({ pk, sk }) => `${pk} ${sk}`));
      return subjects.filter((subject) => marked.has(`${markKey(subject).pk} ${markKey(subject).sk}`));
    },

    async page(subject, limit, after) {
      const page = await items.query({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        values: { ':pk': markKey(subject).pk, ':prefix': prefixOf(subject.tenantId) },
        limit,
        after: after === undefined ? undefined : positionOf(subject, after),
      });
      const dependants = page.items.map((item) => dependantOf(readRow(Stored, item), subject.tenantId));
      const last = dependants.at(-1);
      return { dependants, ...(page.next === undefined || last === undefined ? {} : { next: last.name }) };
    },

    async link(names, dependant) {
      const { tenantId } = dependant;
      await mark(names.map((name) => ({ tenantId, name })));
      // Idempotent: a repeat finds the item. Put over one, it would remove that it is watched.
      await Promise.all(
        names.map((name) => items.insert(keyOf({ tenantId, name }, dependant.name), fieldsOf(dependant))),
      );
    },

    async watch(name, dependant) {
      const subject = { tenantId: dependant.tenantId, name };
      await mark([subject]);
      const fields = Object.entries({ ...fieldsOf(dependant), watched: true });
      // Idempotent: it sets what is set already, and no step sets it back.
      await items.update(keyOf(subject, dependant.name), {
        update: `SET ${fields.map(([field]) => `#${field} = :${field}`).join(', ')}`,
        names: Object.fromEntries(fields.map(([field]) => [`#${field}`, field])),
        values: Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])),
      });
    },
  };
}

const prefixOf = (tenantId: string): string => `EDGE#${tenantId}#`;

/** The partition of what is waited for. A group has its tenant in its key, and a job has a name that no other tenant's has. */
function partitionOf({ tenantId, name }: Subject): string {
  const groupId = groupNamed(name);
  return groupId === undefined ? `JOB#${name}` : groupPartition({ tenantId, groupId });
}

const markKey = (subject: Subject): Key => ({ pk: partitionOf(subject), sk: `EDGES#${subject.tenantId}` });

const keyOf = (subject: Subject, dependantName: string): Key => ({
  pk: partitionOf(subject),
  sk: `${prefixOf(subject.tenantId)}${dependantName}`,
});

function positionOf(subject: Subject, dependantName: string): Position {
  return { ...keyOf(subject, dependantName) };
}

const fieldsOf = ({ condition, holds, expiresAt }: Dependant) => ({
  condition,
  holds,
  expiresAt: Math.ceil(expiresAt / 1000),
});

function dependantOf({ sk, expiresAt, ...fields }: z.infer<typeof Stored>, tenantId: string): Dependant {
  return { ...fields, tenantId, name: sk.slice(prefixOf(tenantId).length), expiresAt: expiresAt * 1000 };
}
