/**
 * A fault of ours or of AWS, never of a tenant: the message comes back, and if it keeps failing an operator finds it by the
 * name of its fault and the item it is about.
 */
export type FaultName =
  /** A record that was there is not any more: an operator deleted it by hand. */
  | 'RecordGone'
  /** Other writers were faster each time. */
  | 'RecordContended'
  | 'GateContended'
  | 'ScheduleContended'
  | 'GroupContended'
  /** An array is there, and what it was asked for with is not: an operator deleted it by hand. */
  | 'ArrayWithoutItems'
  | 'TombstoneContended'
  | 'RateLimitContended'
  /** The rate limit of AWS Batch calls is used up, also after a pause. */
  | 'RateLimitFull'
  /** A batched call answered without one of the requests it was made for. */
  | 'Unanswered'
  /** The plan of a submission and the lifecycle table disagree, so that no step changes the record. */
  | 'SubmissionStuck'
  /** What a job waits for changed at each look. */
  | 'AwaitRestless'
  /** S3 did not remove an object of a tenant that is being erased. */
  | 'ObjectsNotRemoved';

export class Fault extends Error {
  override readonly name: FaultName;
  /** A job id, a tenant id or AWS's own error code: what finds the item again, and nothing of its content. */
  readonly item: string | undefined;

  constructor(name: FaultName, message: string, item?: string) {
    super(item === undefined ? message : `${message}: ${item}`);
    this.name = name;
    this.item = item;
  }
}
