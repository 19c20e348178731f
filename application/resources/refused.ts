import { type Problem, problem } from '../../domain/errors.ts';

/** What a use case cannot do, for its caller to read. */
export interface Refused {
  readonly kind: 'refused';
  readonly problem: Problem;
}

/** The same for what does not exist, for what is another tenant's, and for what a narrowed credential does not reach. */
export const notFound: Refused = {
  kind: 'refused',
  problem: problem('not_found', '', 'Expected the name of something that this credential reaches.'),
};

export function stateConflict(sentence: string): Refused {
  return { kind: 'refused', problem: problem('state_conflict', '', sentence) };
}
