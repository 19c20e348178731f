/**
 * Every error code of Headgate: its meaning and what the runtime does about it.
 *
 * `reject`: a repetition does not help. The message becomes a dead letter at once, or the job fails without another
 * attempt. `retry`: a repetition may help. The queue delivers the message again, or the job gets its next attempt.
 * `docs/using/errors.md` is generated from this table, and a test keeps the two equal.
 */

export type Instruction = 'reject' | 'retry';

/** Whose affair a failed job is: who can do something about its cause. */
export type Owner = 'tenant' | 'service author' | 'operator' | 'AWS';

interface ErrorEntry {
  readonly instruction: Instruction;
  /**
   * Where a reader finds it: `message` codes on dead letters and in the answer to a submission, `job` codes on failed jobs
   * and in webhooks, `endpoint` codes in the answer to a change of an endpoint, `request` codes in the answer to a
   * request of a reader or an operator, `worker` codes in the answer to a call of a container.
   */
  readonly about: 'message' | 'job' | 'endpoint' | 'request' | 'worker';
  /** One sentence that a tenant may read. */
  readonly meaning: string;
  /** Of the codes of failed jobs. */
  readonly owner?: Owner;
  /** Of an answer over HTTP. Absent: 400. */
  readonly status?: number;
}

export const errorCatalogue = {
  body_not_json: entry('message', 'reject', 'The message body is not JSON.'),
  body_not_object: entry('message', 'reject', 'The message body is JSON, but not an object.'),
  body_encoding: entry(
    'message',
    'reject',
    'The body has a byte order mark or half of a surrogate pair, or is in base64.',
  ),
  json_too_deep: entry('message', 'reject', 'The JSON is nested deeper than 32 levels.'),
  json_too_many_keys: entry('message', 'reject', 'The JSON has more than 1,000 keys.'),
  json_duplicate_key: entry('message', 'reject', 'A key appears twice in one object.'),
  json_forbidden_key: entry(
    'message',
    'reject',
    'A key has a backslash, or a name that is special in JavaScript.',
  ),
  number_range: entry('message', 'reject', 'A number is too large to be kept exactly.'),
  envelope_unexpected: entry(
    'message',
    'reject',
    "The body is another service's envelope around the message.",
  ),
  body_too_large: entry(
    'message',
    'reject',
    'The message body is larger than Headgate accepts, as text or as an item of DynamoDB.',
    413,
  ),
  unsupported_version: entry(
    'message',
    'reject',
    'specVersion is missing or names a version that Headgate does not know.',
  ),
  field_missing: entry('message', 'reject', 'A required field is absent.'),
  field_type: entry('message', 'reject', 'A field has the wrong JSON type.'),
  field_invalid: entry('message', 'reject', 'A field has the right type but a value outside its rule.'),
  field_unknown: entry(
    'message',
    'reject',
    'A field that the message schema does not have, often a typing error.',
  ),
  field_forbidden: entry('message', 'reject', 'A field that a sender may not set: the job type decides it.'),
  time_range: entry('message', 'reject', 'A time is outside of the accepted range.'),
  not_supported_yet: entry('message', 'reject', 'A field of the schema that is not implemented yet.'),
  input_ambiguous: entry('message', 'reject', 'Exactly one of input and inputRef must be given.'),
  input_invalid: entry('message', 'reject', 'The input does not fit the schema of its job type.'),
  input_uri_forbidden: entry(
    'message',
    'reject',
    "An s3:// address in the input lies outside the tenant's own folder.",
  ),
  tenant_unknown: entry('message', 'reject', 'No tenant has this id.', 403),
  tenant_suspended: entry('message', 'reject', 'The tenant exists but may not start jobs.', 403),
  priority_too_high: entry('message', 'reject', 'The priority is above what the tenant may ask for.', 403),
  quota_waiting: entry('message', 'reject', 'The tenant has as many jobs waiting as it may have.', 429),
  budget_used: entry(
    'message',
    'reject',
    'The budget of the tenant for this month is used, and refuses new jobs.',
    429,
  ),
  job_type_unknown: entry('message', 'reject', 'No job type has this id.'),
  job_type_forbidden: entry('message', 'reject', 'The tenant may not use this job type.', 403),
  parameters_too_large: entry(
    'message',
    'reject',
    'What the job type passes to the container is more than Batch takes.',
  ),
  idempotency_conflict: entry(
    'message',
    'reject',
    'The idempotency key belongs to a job with another body.',
    422,
  ),
  dependency_self: entry('message', 'reject', 'The job depends on itself.'),
  dependency_repeated: entry('message', 'reject', 'The job names the same job twice in dependsOn.'),
  dependency_too_many: entry('message', 'reject', 'The job depends on more than 500 others.'),
  array_empty: entry('message', 'reject', 'The array has no items.'),
  array_too_large: entry(
    'message',
    'reject',
    'The array has more items than a message, or an object, may have.',
  ),
  array_item_invalid: entry(
    'message',
    'reject',
    'An item of the array does not fit the input of its job type; the pointer names it.',
  ),
  group_sealed: entry(
    'message',
    'reject',
    'The group is sealed: it takes no more jobs, and no seal that says otherwise.',
    409,
  ),
  array_line_invalid: jobEntry(
    'tenant',
    'reject',
    'A line of the object of an array is not JSON, or does not fit the input of its job type.',
  ),
  array_items_missing: jobEntry('tenant', 'reject', 'The object with the items of an array is not there.'),
  array_failures: jobEntry('tenant', 'reject', 'More items of the array have failed than maxFailed says.'),
  dependency_cycle: jobEntry('tenant', 'reject', 'The job waits for jobs that wait for it.'),
  dependency_missing: jobEntry(
    'tenant',
    'reject',
    'What the job depends on was not there, or not over, within dependencyTimeoutSeconds.',
  ),
  dependency_failed: jobEntry('tenant', 'reject', 'A job on which this one depends did not succeed.'),
  dependency_cancelled: jobEntry('tenant', 'reject', 'A job on which this one depends was cancelled.'),
  dependency_not_needed: jobEntry(
    'tenant',
    'reject',
    'The job was to run if another one failed, and that one succeeded.',
  ),
  batch_refused: jobEntry(
    'tenant',
    'reject',
    'The job is larger than AWS Batch takes, or has parameters or tags that it does not take.',
  ),
  request_impossible: jobEntry(
    'service author',
    'reject',
    'The job type asks AWS Batch for a size or a time limit that it does not have.',
  ),
  platform_unavailable: jobEntry(
    'operator',
    'retry',
    'The platform could not take the job, for a reason that has nothing to do with the job.',
  ),
  stuck_in_batch: jobEntry(
    'operator',
    'reject',
    'The platform had no place for the job in the time that its job type gives it.',
  ),
  stuck_and_retried: jobEntry(
    'operator',
    'retry',
    'The platform had no place for this attempt in the time that its job type gives it.',
  ),
  job_type_removed: jobEntry(
    'operator',
    'reject',
    'The image of the container has no handler for the job type.',
  ),
  input_rejected: jobEntry(
    'tenant',
    'reject',
    'The worker cannot use the input, and a retry would not help (exit code 64).',
  ),
  input_not_found: jobEntry('tenant', 'reject', 'An object that the input names does not exist.'),
  result_too_large: {
    ...jobEntry(
      'service author',
      'reject',
      'The result is larger than 5 MiB; write objects and name them instead.',
    ),
    status: 413,
  },
  result_format: jobEntry('service author', 'reject', 'The handler returned something that is not JSON.'),
  result_missing: jobEntry(
    'service author',
    'retry',
    'The container ended well but no result was committed.',
  ),
  try_later: jobEntry('service author', 'retry', 'The worker asked for a later attempt (exit code 75).'),
  exit_code: jobEntry(
    'service author',
    'retry',
    'The container ended with an exit code outside the contract.',
  ),
  timed_out: jobEntry('service author', 'retry', 'The attempt ran longer than its timeout.'),
  out_of_memory: jobEntry('service author', 'retry', 'The container ran out of memory.'),
  spot_reclaimed: jobEntry('AWS', 'retry', 'AWS reclaimed the capacity of the container.'),
  image_error: jobEntry('operator', 'retry', "The container's image could not be pulled or started."),
  unschedulable: jobEntry('operator', 'reject', 'AWS Batch gave up placing the job.'),
  ended_by_operator: jobEntry('operator', 'reject', 'The Batch job was terminated outside of Headgate.'),
  deadline_exceeded: jobEntry('tenant', 'reject', 'The deadline of the whole job passed.'),
  batch_forgot: jobEntry(
    'AWS',
    'retry',
    'AWS Batch no longer knows the Batch job, and its end was not reported.',
  ),
  run_lost: jobEntry('AWS', 'retry', 'The run on AWS Lambda is over, and its end was not reported.'),
  function_crashed: jobEntry(
    'service author',
    'retry',
    'The process of the function ended before the work did.',
  ),
  batch_failed: jobEntry(
    'AWS',
    'retry',
    'AWS Batch reports a failure without an exit code or a known reason.',
  ),
  url_missing: entry('endpoint', 'reject', 'There is no URL.'),
  url_too_long: entry('endpoint', 'reject', 'The URL has more than 2,048 characters.'),
  url_bad_chars: entry('endpoint', 'reject', 'The URL has a space, a backslash or a control character.'),
  url_scheme: entry('endpoint', 'reject', 'The URL does not begin with https://.'),
  url_parse: entry('endpoint', 'reject', 'The URL cannot be read.'),
  url_userinfo: entry('endpoint', 'reject', 'The URL has a user or a password in it.'),
  url_fragment: entry('endpoint', 'reject', 'The URL has a fragment.'),
  url_port: entry('endpoint', 'reject', 'The URL names another port than 443.'),
  host_ip_literal: entry('endpoint', 'reject', 'The host is an IP address, in whatever spelling.'),
  host_syntax: entry('endpoint', 'reject', 'The host is not a host name.'),
  host_special: entry('endpoint', 'reject', 'The host name is only valid inside a network.'),
  host_single_label: entry('endpoint', 'reject', 'The host name has no dot.'),
  event_unknown: entry('endpoint', 'reject', 'No event has this type.'),
  header_forbidden: entry('endpoint', 'reject', 'A custom header that Headgate or HTTP itself sets.'),
  header_name: entry('endpoint', 'reject', 'The name of a custom header is not a valid header name.'),
  header_value: entry('endpoint', 'reject', 'The value of a custom header is not printable ASCII.'),
  header_too_large: entry('endpoint', 'reject', 'A custom header is over 1 KiB, or all of them over 3 KiB.'),
  headers_too_many: entry('endpoint', 'reject', 'There are more than 10 custom headers.'),
  secret_format: entry('endpoint', 'reject', 'The secret is not whsec_ followed by base64.'),
  secret_length: entry('endpoint', 'reject', 'The secret has fewer than 24 or more than 64 bytes.'),
  endpoints_too_many: entry('endpoint', 'reject', 'The tenant has 20 endpoints.', 409),
  endpoint_unknown: entry('endpoint', 'reject', 'The tenant has no such endpoint.', 404),
  endpoint_disabled: entry('endpoint', 'reject', 'The endpoint is disabled; nothing is sent to it.', 409),
  rotation_pending: entry('endpoint', 'reject', 'The secret before the current one is still valid.', 409),
  range_invalid: entry('endpoint', 'reject', 'The range ends before it begins, or is longer than 30 days.'),
  parameter_invalid: requestEntry(
    400,
    'reject',
    'A parameter or a header is unknown, is missing, appears twice, or has a value outside its rule.',
  ),
  cron_invalid: requestEntry(400, 'reject', 'The cron expression is not five fields that cron knows.'),
  cron_never: requestEntry(400, 'reject', 'The schedule names no moment within the next five years.'),
  time_zone_unknown: requestEntry(400, 'reject', 'The time zone is not in the IANA database.'),
  schedules_quota: requestEntry(409, 'reject', 'The tenant has 100 schedules.'),
  cursor_invalid: requestEntry(400, 'reject', 'The cursor belongs to another list, or is not a cursor.'),
  idempotency_key_missing: requestEntry(400, 'reject', 'A submission has no idempotency key.'),
  credential_missing: requestEntry(401, 'reject', 'The request has no credential.'),
  credential_unknown: requestEntry(401, 'reject', 'No key has this id, or it is disabled or has expired.'),
  token_invalid: requestEntry(401, 'reject', 'The token is not one that this stack accepts.'),
  token_expired: requestEntry(401, 'reject', 'The token has expired.'),
  token_revoked: requestEntry(
    401,
    'reject',
    'All tokens of the tenant that were signed before were revoked.',
  ),
  scope_missing: requestEntry(403, 'reject', 'The credential does not allow this request.'),
  key_in_browser: requestEntry(403, 'reject', 'A web page has sent a key; a page gets a token instead.'),
  not_found: requestEntry(404, 'reject', 'The caller reaches nothing by this name.'),
  state_conflict: requestEntry(409, 'reject', 'The job is in a state that does not allow this.'),
  logs_closed: requestEntry(403, 'reject', 'The job type does not show its logs to tenants.'),
  logs_not_yet: requestEntry(409, 'retry', 'The log of the attempt is not known yet.'),
  logs_expired: requestEntry(410, 'reject', 'The log of the attempt is kept no longer, or there was none.'),
  jobs_unfinished: requestEntry(409, 'reject', 'The tenant has jobs that are not over.'),
  tenant_leaving: requestEntry(409, 'reject', 'The tenant is being erased, and cannot be changed.'),
  version_changed: requestEntry(412, 'reject', 'It has changed since the version that was given.'),
  content_type: requestEntry(415, 'reject', 'The body is not declared as application/json.'),
  rate_limited: requestEntry(429, 'retry', 'The credential has made too many requests.'),
  internal: requestEntry(500, 'retry', 'Headgate failed on this request; its log has the id of the request.'),
  try_again: requestEntry(
    503,
    'retry',
    'The table did not answer. The request may have taken effect, and may be made again with the same key.',
  ),
  call_invalid: workerEntry(400, 'reject', 'A call of a container has a form that it may not have.'),
  ticket_invalid: workerEntry(401, 'reject', 'The ticket is not one of this stack.'),
  task_token_invalid: workerEntry(401, 'reject', 'The task token is not one of this stack, or has expired.'),
  superseded: workerEntry(
    409,
    'reject',
    'Another container does the work, or it is no longer needed; this one ends with exit code 0.',
  ),
  progress_invalid: workerEntry(400, 'reject', 'The progress is not `done`, `total` and `note`.'),
  object_missing: workerEntry(
    422,
    'reject',
    'An object that the container names was not written, or has other bytes.',
  ),
  result_invalid: workerEntry(422, 'reject', 'The result is not JSON that the record keeps as it is.'),
  ask_again: workerEntry(503, 'retry', 'AWS Batch does not confirm the container yet.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** The HTTP status of an answer that refuses with this code. */
export function statusOf(code: ErrorCode): number {
  const known: ErrorEntry = errorCatalogue[code];
  return known.status ?? 400;
}

/** One refusal: `pointer` is a JSON pointer into the message ('' for the whole), `message` one sentence. */
export interface Problem {
  readonly code: ErrorCode;
  readonly pointer: string;
  readonly message: string;
}

export function problem(code: ErrorCode, pointer: string, message: string): Problem {
  return { code, pointer, message };
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}

function jobEntry(owner: Owner, instruction: Instruction, meaning: string): ErrorEntry & { owner: Owner } {
  return { about: 'job', instruction, meaning, owner };
}

function requestEntry(status: number, instruction: Instruction, meaning: string): ErrorEntry {
  return { about: 'request', instruction, meaning, status };
}

function workerEntry(status: number, instruction: Instruction, meaning: string): ErrorEntry {
  return { about: 'worker', instruction, meaning, status };
}

function entry(
  about: ErrorEntry['about'],
  instruction: Instruction,
  meaning: string,
  status?: number,
): ErrorEntry {
  return { about, instruction, meaning, ...(status === undefined ? {} : { status }) };
}
