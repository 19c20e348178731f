/** Which jobs wait for which, at the level of their port: a mark and one item for each, with the same conditions as in the table. */
import type { Dependant, Subject } from '../../domain/dependency/dependant.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import { type Run, reach, read } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualDependants {
  portFor(process: Process): DependantStore;
}

const nameOf = ({ tenantId, name }: Subject) => `${tenantId} ${name}`;

export function virtualDependants(run: Run, overwrites = false): VirtualDependants {
  const marks = new Set<string>();
  const items = new Map<string, Map<string, Dependant>>();
  const of = (subject: Subject) => {
    const known = items.get(nameOf(subject)) ?? new Map<string, Dependant>();
    items.set(nameOf(subject), known);
    return known;
  };

  return {
    portFor(process) {
      /** Each item is a write of its own, and the mark comes first. */
      const mark = async (subject: Subject) => {
        if (await read(run, process, subject.name, () => marks.has(nameOf(subject)))) return;
        await reach(run, process, { site: 'dependants.mark', jobId: subject.name }, () => {
          marks.add(nameOf(subject));
        });
      };
      return {
        having: async (subjects) => {
          // In most worlds no job waits for another, and the question would be a tenth of their calls.
          if (marks.size === 0) return [];
          const known = await Promise.all(
            subjects.map((subject) => read(run, process, subject.name, () => marks.has(nameOf(subject)))),
          );
          return subjects.filter((_, i) => known[i] === true);
        },
        page: (subject, limit, after) =>
          reach(run, process, { site: 'dependants.page', jobId: subject.name }, () => {
            const rest = [...of(subject).values()]
              .toSorted((a, b) => (a.name < b.name ? -1 : 1))
              .filter(({ name }) => after === undefined || name > after);
            const dependants = rest.slice(0, limit);
            const last = dependants.at(-1);
            return { dependants, ...(rest.length > limit && last ? { next: last.name } : {}) };
          }),
        link: async (names, dependant) => {
          const { tenantId } = dependant;
          await Promise.all(names.map((name) => mark({ tenantId, name })));
          await Promise.all(
            names.map((name) =>
              reach(run, process, { site: 'dependants.link', jobId: name }, () => {
                const known = of({ tenantId, name });
                if (!known.has(dependant.name)) known.set(dependant.name, dependant);
                // Carried out once more, and late, as any call may be.
                if (overwrites) run.world.after(60_000, () => known.set(dependant.name, dependant));
              }),
            ),
          );
        },
        watch: async (name, dependant) => {
          const subject = { tenantId: dependant.tenantId, name };
          await mark(subject);
          await reach(run, process, { site: 'dependants.watch', jobId: name }, () => {
            of(subject).set(dependant.name, { ...dependant, watched: true });
            run.count('dependant watches');
          });
        },
      };
    },
  };
}
