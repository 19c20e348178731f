/** `headgate worker`: the programs of job types. */
import type { Noun } from '../program/verb.ts';
import { tryOnce } from './try.ts';

export const noun: Noun = { summary: 'the programs of job types', verbs: { try: tryOnce } };
