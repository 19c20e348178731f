/** What a sender gets wrong, or tries on. */
import type { Rows } from './rows.ts';

const NOT_READ = 'Refused before its body is read.';
const AT_ONCE = 'A dead letter at once; no record, nothing in Batch.';
const REFUSED = 'Refused before anything is stored.';
const ACKNOWLEDGED = 'Acknowledged; nothing changes.';
const EVENTS_DLQ = 'Kept: the dead-letter queue of events after five receives; nothing changes.';

export const badInput: Rows = {
  M02: { what: 'Text that is not JSON.', codes: ['body_not_json'], answer: AT_ONCE },
  M03: {
    what: 'JSON that is an array, a string, a number or null.',
    codes: ['body_not_object'],
    answer: AT_ONCE,
  },
  M04: { what: 'A byte order mark, or half a character.', codes: ['body_encoding'], answer: AT_ONCE },
  M06: { what: 'A hundred thousand nested brackets.', codes: ['json_too_deep'], answer: AT_ONCE },
  M07: { what: 'Thousands of keys.', codes: ['json_too_many_keys'], answer: AT_ONCE },
  M08: { what: 'A key that appears twice.', codes: ['json_duplicate_key'], answer: AT_ONCE },
  M10: {
    what: 'A number without end, one that is none, or one of thirty digits.',
    codes: ['number_range'],
    answer: AT_ONCE,
  },
  M11: { what: 'No `specVersion`.', codes: ['unsupported_version'], answer: AT_ONCE },
  M12: {
    what: 'A `specVersion` of the future.',
    codes: ['unsupported_version'],
    answer: `${AT_ONCE} It can be redriven after an upgrade.`,
  },
  M14: { what: 'A tenant that is not there.', codes: ['tenant_unknown'], answer: AT_ONCE },
  M15: { what: 'A tenant that is suspended.', codes: ['tenant_suspended'], answer: AT_ONCE },
  M16: {
    what: 'A sender names a tenant for whom it may not act.',
    notHere:
      'One front queue belongs to one service, which acts for all of its tenants; senders are not told apart.',
  },
  M18: {
    what: 'No `idempotencyKey`.',
    answer:
      'Accepted: the id of the message is used, also after SQS has moved it to its dead letters and back.',
  },
  M19: {
    what: 'An `idempotencyKey` that is empty, has a thousand characters, or a control character.',
    codes: ['field_invalid'],
    answer: AT_ONCE,
  },
  M20: {
    what: 'The `idempotencyKey` of another request.',
    codes: ['idempotency_conflict'],
    answer: 'A dead letter at once, told to the tenant; the first job is untouched.',
  },
  M22: { what: "A job type outside the tenant's plan.", codes: ['job_type_forbidden'], answer: AT_ONCE },
  M23: {
    what: 'A field that does not exist.',
    codes: ['field_unknown'],
    answer: `${AT_ONCE} The sentence names the field that was probably meant.`,
  },
  M24: { what: 'A field of the wrong type.', codes: ['field_type'], answer: AT_ONCE },
  M26: {
    what: 'Resources of its own, in whatever combination.',
    codes: ['not_supported_yet'],
    answer: `${AT_ONCE} The job type decides the size.`,
  },
  M27: { what: 'A timeout of five seconds, or of thirty days.', codes: ['field_invalid'], answer: AT_ONCE },
  M28: {
    what: 'More on the command line of the container than Batch takes.',
    codes: ['parameters_too_large'],
    answer: AT_ONCE,
  },
  M30: { what: 'A command or an image of its own.', codes: ['field_forbidden'], answer: AT_ONCE },
  M31: {
    what: 'An array beside an input, or without items.',
    codes: ['field_forbidden', 'array_empty'],
    answer: AT_ONCE,
  },
  M32: {
    what: "An address that is no object, lies in another tenant's folder, or leads out of its own.",
    codes: ['field_invalid', 'input_uri_forbidden'],
    answer: AT_ONCE,
  },
  M34: {
    what: 'An archive that is made to harm, or an input with a wrong checksum.',
    notHere: 'No handler opens archives, and a message carries no checksums.',
  },
  M35: {
    what: 'A start in 1970, in the year 9999 or 10000, or at no time.',
    codes: ['time_range', 'field_invalid'],
    answer: AT_ONCE,
  },
  M36: {
    what: 'An expiry in the past.',
    codes: ['field_invalid', 'field_unknown'],
    answer: `${AT_ONCE} There is no moment of expiry, only a length: \`ttlSeconds\`, and at least one.`,
  },
  M38: { what: 'A dependency that names no job.', codes: ['field_type'], answer: AT_ONCE },
  M39: {
    what: 'A cancel of a job that is not there.',
    answer: 'Acknowledged; a tombstone waits a quarter of an hour for the job.',
  },
  M40: { what: 'A cancel of a job that is over.', answer: ACKNOWLEDGED },
  M42: {
    what: 'The envelope of SNS, S3 or EventBridge around the message.',
    codes: ['envelope_unexpected'],
    answer: AT_ONCE,
  },
  M43: { what: 'An event of another service, or of another kind.', answer: ACKNOWLEDGED },
  M44: { what: 'An event of Batch without a job id or a status.', answer: EVENTS_DLQ },
  M46: { what: 'An event of Batch about a job whose name is not ours.', answer: ACKNOWLEDGED },
  M47: {
    what: 'An event of Batch with our name and the tag of another tenant.',
    answer: `${EVENTS_DLQ} An error is logged.`,
  },
  M48: {
    what: 'An event of Batch whose attempts are missing or are no list.',
    answer: 'Missing ones count as none. Anything else is kept as in M44.',
  },
  M50: { what: 'A submit message for a job that is over or is not there.', answer: ACKNOWLEDGED },
  M51: {
    what: 'A delivery to an endpoint that was removed.',
    answer: 'It is abandoned, and nothing is sent.',
  },
  M52: {
    what: 'A request to the API without a credential, or with a token that is forged, foreign, expired or of another stack.',
    codes: ['credential_missing', 'credential_unknown', 'token_invalid', 'token_expired'],
    answer: NOT_READ,
  },
  M53: {
    what: "Another tenant's id in a path of the API.",
    codes: ['not_found'],
    answer: 'The same bytes as for an id that does not exist.',
  },
  M54: { what: 'A request to the API with another content type.', codes: ['content_type'], answer: NOT_READ },
  M55: {
    what: 'A request to the API that is too large or cannot be read.',
    codes: ['body_too_large', 'body_not_json', 'body_not_object'],
    answer: REFUSED,
  },
  M56: { what: 'A listing with an impossible limit.', codes: ['parameter_invalid'], answer: REFUSED },
  M57: {
    what: 'A cursor of another list, of another filter or of another log, or one that was made up.',
    codes: ['cursor_invalid'],
    answer: 'Refused. A cursor names no tenant: the list is always that of the caller.',
  },
  M58: {
    what: 'A path with something that is no job id.',
    codes: ['not_found'],
    answer: 'No read of the table.',
  },
  M59: {
    what: 'A method or a route that does not exist.',
    codes: ['not_found'],
    answer: 'The answer to every unknown address.',
  },
  M60: {
    what: 'An Idempotency-Key header that was used before.',
    codes: ['idempotency_conflict'],
    answer: 'The job of the first request, or a conflict when its body is another.',
  },
  M61: {
    what: 'A parameter of the API that there is not, or that is there twice.',
    codes: ['parameter_invalid'],
    answer: REFUSED,
  },
  M62: {
    what: 'An endpoint whose URL may not be dialled.',
    codes: [
      'url_missing',
      'url_too_long',
      'url_bad_chars',
      'url_scheme',
      'url_parse',
      'url_userinfo',
      'url_fragment',
      'url_port',
      'host_ip_literal',
      'host_syntax',
      'host_special',
      'host_single_label',
    ],
    answer: REFUSED,
  },
  M63: {
    what: 'A custom header that is ours, breaks the line, or is large.',
    codes: ['header_forbidden', 'header_value', 'header_too_large'],
    answer: REFUSED,
  },
  M64: {
    what: 'A secret that is short, long, or not base64.',
    codes: ['secret_length', 'secret_format'],
    answer: REFUSED,
  },
  M65: {
    what: 'A request to the API whose answer was lost, sent again with its key.',
    answer: 'It finds the job of the first one.',
  },
  M66: {
    what: 'A replay of ten years, or of a range that ends before it begins.',
    codes: ['range_invalid'],
    answer: 'Refused before anything is read.',
  },
  M67: {
    what: 'A result that is missing, too large, not JSON, or of another Batch job.',
    codes: ['result_missing', 'result_too_large', 'result_format'],
    answer: 'The attempt fails; no such result reaches the record.',
  },
  M68: {
    what: 'A function whose environment is incomplete or wrong.',
    answer: 'It does not start, and names every variable and what was expected, but no value.',
  },
  M69: {
    what: '`dependsOn` that is no list, is empty, too long, or names jobs in another way.',
    codes: ['field_type', 'field_invalid', 'dependency_too_many'],
    answer: AT_ONCE,
  },
  M70: {
    what: 'A job that depends on itself, or on another one twice.',
    codes: ['dependency_self', 'dependency_repeated'],
    answer: AT_ONCE,
  },
  M71: {
    what: "A job that depends on another tenant's job.",
    codes: ['dependency_missing'],
    answer:
      'It waits as for a job that never comes, and fails when its time is over. The other tenant notices nothing.',
  },
  M72: {
    what: 'Ten thousand waits for jobs at once.',
    answer:
      'Each asks less and less often, and not at the moments of the others; an unchanged job costs one read.',
  },
  M78: {
    what: 'An array without items, with too many, or with one that does not fit its job type.',
    codes: ['array_empty', 'array_too_large', 'array_item_invalid', 'input_uri_forbidden'],
    answer: `${AT_ONCE} The pointer names the item.`,
  },
  M79: {
    what: 'An array beside an input, or the key of another array.',
    codes: ['field_forbidden', 'idempotency_conflict'],
    answer: AT_ONCE,
  },
  M80: {
    what: 'A CSV file in one of the encodings, delimiters, line ends and layouts that people have.',
    answer: 'It is summarised, and the result says how it was read.',
  },
  M81: {
    what: 'A file that is no CSV, is CSV of another kind than the input says, or is damaged.',
    codes: ['input_rejected'],
    answer:
      'The job fails for good; the sentence names the line, what was expected and found, and the option that helps.',
  },
  M82: {
    what: 'A CSV file with short and long rows or with stray quotation marks, where the input allows them.',
    answer: 'It is summarised, and the result counts what was mended.',
  },
  M83: {
    what: 'A cell that looks like a number and is none: a part number, a postal code, 1e400, NaN.',
    answer: 'It is text, and the result says how many cells of its column are numbers.',
  },
  M84: {
    what: 'A CSV file with more different values than memory has room for.',
    answer: 'They are counted within one budget of bytes for all columns; beyond it the count is "at least".',
  },
  M85: {
    what: 'A picture in one of the formats, colour spaces and depths that people have.',
    answer: 'It is scaled, and the result says what it was.',
  },
  M86: {
    what: 'A picture that is turned, transparent or animated.',
    answer:
      'It is turned as its camera was held, laid on white where the format has no transparency, and its first frame is taken; the result says so.',
  },
  M87: {
    what: 'An object that is no picture, or a picture of another format.',
    codes: ['input_rejected'],
    answer: 'The job fails for good; the sentence names what it is, and the formats that are read.',
  },
  M88: {
    what: 'A picture that ends early or is damaged.',
    codes: ['input_rejected'],
    answer: 'The job fails for good, and no half picture is a result.',
  },
  M89: {
    what: 'A picture that unpacks to too many pixels, or a thumbnail that its format has no room for.',
    codes: ['input_rejected'],
    answer:
      'The job fails for good before anything is written; the sentence has the limit and what was found.',
  },
  M90: {
    what: 'An object whose key has spaces, percent signs, marks of an address or letters of any language.',
    answer:
      'It is read: a key is taken as it is written, without percent-encoding, except for control characters.',
  },
  M91: {
    what: 'A claim with a forged ticket, that of another attempt, a higher try than AWS Batch knows, or a made-up Batch job.',
    codes: ['ticket_invalid', 'superseded', 'ask_again', 'call_invalid'],
    answer: 'Refused; the record stays as it is, and the container that has the right to it can claim.',
  },
  M92: {
    what: 'A task token that is forged, of another job, or has expired.',
    codes: ['task_token_invalid'],
    answer: 'Refused; nothing is written, and nothing is signed.',
  },
  M93: {
    what: 'A container whose claim is over: a later try has it, or the job has ended.',
    codes: ['superseded'],
    answer: 'It is told nothing else, gets no URLs, and ends with exit code 0.',
  },
  M94: {
    what: 'Progress that is no progress.',
    codes: ['progress_invalid'],
    answer: 'Refused; nothing is written.',
  },
  M95: {
    what: 'A result that is no JSON, too large, or names an object that is not there or has other bytes.',
    codes: ['result_invalid', 'result_too_large', 'object_missing'],
    answer: 'Refused; nothing is committed, and the container may commit another.',
  },
  M96: {
    what: 'A deadline that is over before the job may begin.',
    codes: ['time_range'],
    answer: AT_ONCE,
  },
  M97: {
    what: 'A start that is later than the objects of the input are kept.',
    codes: ['time_range'],
    answer: AT_ONCE,
  },
  M98: {
    what: 'A value outside of its rule, in a message, an input, or an option of a command.',
    codes: ['field_missing', 'field_type', 'field_invalid', 'input_invalid'],
    answer:
      'The sentence names the field, what was expected and what arrived, in words of ours, without a text that was sent.',
  },
  M99: {
    what: 'A body that is an envelope, encoded once more, in another naming convention, or no JSON.',
    codes: ['envelope_unexpected', 'body_not_object', 'body_encoding', 'body_not_json', 'field_unknown'],
    answer: `${AT_ONCE} The sentence says what the body is, and what to do.`,
  },
};
