/** A plugin of the framework: a function for each job type of `job-types.ts` whose executor is Lambda. */
import { runFunctions } from '../resources/registry.js';

export default class FunctionsOfRegistry {
  constructor(serverless) {
    const { service } = serverless;
    Object.assign(service.functions, runFunctions(service.provider.stage));
  }
}
