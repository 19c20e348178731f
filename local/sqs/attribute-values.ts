/** Values of a queue's attributes that fauxqs takes as they come. */
import { ApiError } from '../aws.ts';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const VALUES: Readonly<Record<string, (value: string) => boolean>> = {
  ContentBasedDeduplication: isBoolean,
  DeduplicationScope: (value) => value === 'messageGroup' || value === 'queue',
  FifoThroughputLimit: (value) => value === 'perMessageGroupId' || value === 'perQueue',
  KmsDataKeyReusePeriodSeconds: (value) =>
    /^\d{1,5}$/.test(value) && Number(value) >= 60 && Number(value) <= 86_400,
  SqsManagedSseEnabled: isBoolean,
};

/**
 * @param current attributes that the queue has already
 * @throws InvalidAttributeValue
 */
export function checkValues(
  given: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>>,
): void {
  const unfit = Object.entries(given).find(([name, value]) => VALUES[name]?.(value) === false);
  if (unfit !== undefined) refuse(unfit[0]);
  const { FifoThroughputLimit, DeduplicationScope } = { ...current, ...given };
  // "valid only when the value of DeduplicationScope is messageGroup"
  if (FifoThroughputLimit === 'perMessageGroupId' && DeduplicationScope !== 'messageGroup')
    refuse('FifoThroughputLimit');
}

function refuse(name: string): never {
  throw new ApiError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
}

function isBoolean(value: string): boolean {
  return value === 'true' || value === 'false';
}
