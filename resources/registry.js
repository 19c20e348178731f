/** What the packager reads of `job-types.ts`: it takes JavaScript and no TypeScript. */
import { checkJobTypes } from '../domain/registry/registry-check.ts';
import { jobTypes } from '../job-types.ts';
import { runFunctionsOf, runTemplateOf } from './functions.ts';
import { instanceQueuesOf, instanceTemplateOf } from './instances.ts';
import { deployedDefinitionsOf, templateOf } from './registry.ts';

checkJobTypes(jobTypes);
export const template = templateOf(jobTypes);
export const deployedDefinitions = deployedDefinitionsOf(jobTypes);
export const instanceTemplate = instanceTemplateOf(jobTypes);
export const instanceQueues = instanceQueuesOf(jobTypes);
export const runTemplate = runTemplateOf(jobTypes);
export const runFunctions = (stage) => runFunctionsOf(jobTypes, stage);
