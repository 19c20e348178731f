/** The entries of a batch: what SQS refuses of all of them together. */
import { ApiError } from '../aws.ts';

const MAX_ENTRIES = 10;

/** @throws ApiError */
export function checkBatch(entries: readonly { readonly Id: string }[]): void {
  if (entries.length === 0)
    throw new ApiError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  if (entries.length > MAX_ENTRIES)
    throw new ApiError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    );
  const unfit = entries.find(({ Id }) => !/^[\w-]{1,80}$/.test(Id));
  if (unfit !== undefined)
    throw new ApiError(
      'InvalidBatchEntryId',
      `The batch entry id ${JSON.stringify(unfit.Id)} is not 1 to 80 of A-Z, a-z, 0-9, _ and -.`,
    );
  const repeated = entries.find(({ Id }, index) => entries.findIndex((entry) => entry.Id === Id) < index);
  if (repeated !== undefined) throw new ApiError('BatchEntryIdsNotDistinct', `Id ${repeated.Id} repeated.`);
}
