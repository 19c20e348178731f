/**
 * Where an embedded cloud may easily be kinder than AWS, or closed to what AWS takes: what AWS does, row by row, and the test
 * that holds ours to it. The rows were found by driving it with public clients, recorded patterns and the API reference.
 */

interface Held {
  /** What AWS does, which happens here as well. */
  readonly aws: string;
  /** Below tests/, without the ending. */
  readonly file: string;
  /** The title of the test, or of its row where it is a table. */
  readonly title: string;
}

const held = (file: string, title: string, aws: string): Held => ({ aws, file, title });

const JOBS = 'local/batch/jobs';
const QUEUES = 'local/batch/queues';
const REGISTER = 'local/batch/definitions/registration';
const CONTAINERS = 'local/batch/containers';
const SUBMIT = 'local/batch/jobs/submission';

/** @see https://docs.aws.amazon.com/batch/latest/APIReference/Welcome.html */
export const batchRows: readonly Held[] = [
  held(
    `${JOBS}/dependencies`,
    'fails, though the dependency failed before the job was looked at',
    'A job whose dependency fails never runs, whichever of the two Batch looks at first.',
  ),
  held(
    `${JOBS}/dependencies`,
    'whatever happens in whatever order, a job becomes runnable only after all its dependencies have succeeded',
    'The same for any order of submissions, ends, cancels and what is forgotten.',
  ),
  held(
    `${JOBS}/dependencies`,
    'by %s is PENDING until that one has ended, whatever its end, and then fails with the reason given',
    'A PENDING job is cancelled after its dependencies have ended.',
  ),
  held(
    REGISTER,
    'on %s of %j is answered as AWS would',
    'A definition has vCPUs and memory, as numbers that its platform has.',
  ),
  held(
    REGISTER,
    '%s is taken where AWS takes it, and refused by name elsewhere',
    'Each member of a container is for EC2, for Fargate, for both or for none.',
  ),
  held(REGISTER, 'on %s of %j is refused', 'Each member of a container has its values.'),
  held(
    REGISTER,
    'of a container for Windows, %j, is answered as AWS would',
    'A container for Windows lacks what Windows has not.',
  ),
  held(
    SUBMIT,
    'a definition for instances on a Fargate queue',
    'A definition has the platform of its queue; when AWS finds out is not documented.',
  ),
  held(SUBMIT, 'a definition for Fargate on a queue of instances', 'The same the other way round.'),
  held(
    SUBMIT,
    'an instance type for a job of one node',
    'An override of the instance type is for multi-node jobs.',
  ),
  held(SUBMIT, 'no number of vCPUs', 'An override of a size is a number.'),
  held(SUBMIT, 'a limit of 2^31 seconds', 'An Integer of the API has 32 bits.'),
  held(SUBMIT, 'a definition of another account', 'An ARN of another account names nothing.'),
  held(SUBMIT, 'a tag of AWS', 'Tags that begin with `aws:` are reserved, on a submission,'),
  held(REGISTER, "{ tags: { 'AWS:x': '1' } }", 'on a definition in any case,'),
  held(`${QUEUES}/resources`, "tags: { 'aws:a': '1' }", 'by TagResource,'),
  held(`${QUEUES}/environments`, 'values that begin with aws: are reserved', 'and for values, too.'),
  held(
    `${JOBS}/listing`,
    'refuses %j as a time',
    'ListJobs takes milliseconds for a time, and refuses other words.',
  ),
  held(
    `${QUEUES}/environments`,
    'has one compute environment twice',
    'A queue has a compute environment, and a place in its order, once.',
  ),
  held(
    `${QUEUES}/environments`,
    'maxTimeSeconds: 599',
    'The action of a time limit has a known reason, and 600 seconds at least.',
  ),
  held(
    `${QUEUES}/environments`,
    '%j is refused',
    'A compute environment has subnets, security groups and a role as its type needs them, and nothing that its type lacks.',
  ),
  held(
    `${QUEUES}/environments`,
    'changed by %j is answered as AWS would',
    'An update is judged as a creation is, and nothing in it is passed over.',
  ),
  held(
    `${QUEUES}/environments`,
    'an account has fifty compute environments and fifty job queues',
    'An account has fifty of each.',
  ),
  held(
    `${JOBS}/submit-rate`,
    'is fifty in a second as in AWS, and what is over it gets a 429 and makes no job',
    'SubmitJob is throttled at fifty calls a second.',
  ),
  held(
    `${CONTAINERS}/images`,
    'gives the command to it, word for word',
    'An image that is not of this repository runs.',
  ),
  held(
    `${CONTAINERS}/isolation`,
    'is its own: what one job %s, no later job sees',
    'A container finds nothing of another one in its files.',
  ),
  held(
    `${CONTAINERS}/isolation`,
    'a container over its memory limit',
    'A container over its memory limit ends with 137 and OutOfMemoryError.',
  ),
  held(
    `${CONTAINERS}/isolation`,
    'that is read-only stays as it is when a container %s',
    'A read-only root file system is one.',
  ),
  held(
    `${CONTAINERS}/isolation`,
    'fail the try when %s is not there',
    'A try whose secret is not there fails with ResourceInitializationError.',
  ),
  held(
    `${CONTAINERS}/isolation`,
    'a container can ask who it is, and of what task it is a part',
    'A container has the metadata endpoint of ECS.',
  ),
  held(
    `${QUEUES}/resources`,
    'with members that have no effect here are taken, and the operator is told of each member once',
    'What a process cannot have is said, and not passed over in silence.',
  ),
  held(
    'local/batch/scheduling/blocked',
    'says so, and is told of once by an event of its own',
    'A job that no environment can hold blocks its queue, with an event.',
  ),
  held(
    'local/batch/scheduling/blocked',
    'is cancelled after the time that its queue sets for that reason, and the next one runs',
    'The queue cancels it after the time that it sets.',
  ),
  held(
    `${CONTAINERS}/stopping`,
    'is %s by one call, which answers for each',
    'CancelJobs and TerminateJobs take up to fifty jobs.',
  ),
  held(
    'local/batch/scheduling/snapshot',
    'a snapshot of a queue has its runnable jobs in the order they will start, and what is in use',
    'GetJobQueueSnapshot has the head of the queue.',
  ),
  held(
    `${CONTAINERS}/several-containers`,
    'is overridden container by container',
    'A definition has up to ten containers, each with its overrides.',
  ),
  held(
    'local/batch/scheduling/consumables',
    'lets only so many jobs run, and what waits for it holds up its own queue',
    'Consumable resources limit what runs.',
  ),
];

export const otherRows: readonly Held[] = [
  held(
    'local/logs/logs',
    'gives the lines of a stream with their times',
    'What a container printed can be read: GetLogEvents,',
  ),
  held('local/logs/logs', 'goes through the streams of a group in the order of time', 'FilterLogEvents,'),
  held('local/logs/logs', 'lists streams by name or by their last event', 'and DescribeLogStreams.'),
  held(
    'local/s3/objects',
    'an empty object %s is an object',
    'An empty object is stored, in each form in which clients send it.',
  ),
  held(
    'local/s3/objects',
    '%s answers as S3 does, for an object and for none',
    'Conditional writes have their condition.',
  ),
  held(
    'local/s3/objects',
    'of many writers of one key with If-None-Match: *, one writes',
    'Of many who write once, one does.',
  ),
  held('local/s3/objects', 'a wrong checksum in the trailer is refused', 'A wrong checksum is BadDigest.'),
  held(
    'local/s3/objects',
    '%s is refused by its name, and nothing is changed',
    'Versions, tags and locks are not here, and are refused.',
  ),
  held(
    'local/sqs/deviations',
    'lets later messages overtake earlier ones, and loses none',
    'A standard queue keeps no order.',
  ),
  held(
    'local/sqs/deviations',
    '%s is refused, for a new queue and for one that is there',
    'A redrive policy names a queue that is there and takes from this one.',
  ),
  held(
    'local/sqs/deviations',
    '%s is refused, alone in a batch',
    'A receipt handle that is none is refused.',
  ),
  held(
    'local/sqs/deviations',
    'a message in a dead-letter queue has been received as often as it was handed out, and keeps its trace',
    'A dead letter has its count of receives, and its trace header.',
  ),
  held('local/sqs/deviations', 'a queue is purged once a minute', 'A queue is purged once a minute.'),
  held(
    'local/sqs/deviations',
    "'a'.repeat(81), 'a.b'",
    'The name of a queue has eighty characters at most, and no dot.',
  ),
  held(
    'local/dynamodb/transactions',
    'a transaction does each of its four actions',
    'DynamoDB has transactions.',
  ),
  held('local/dynamodb/settings', 'ALL_OLD', 'A condition that fails brings the item, if it is asked for.'),
  held(
    'local/dynamodb/rules',
    '%s cannot be empty, by a put or by an update',
    'The key of an index is not empty.',
  ),
  held(
    'local/dynamodb/rules',
    'are refused where the index %s does not have %s',
    'A query of an index gets what the index has.',
  ),
  held('local/dynamodb/rules', 'with 33 levels is refused, wherever it is', 'A value has 32 levels at most.'),
  held(
    'local/dynamodb/rules',
    'every operation takes the ARN of a table for its name',
    'A table may be named by its ARN.',
  ),
  held(
    'local/dynamodb/settings',
    'a protected table is not deleted until its protection is taken away',
    'A protected table is not deleted.',
  ),
  held('local/dynamodb/settings', 'what has expired is deleted, and nothing else', 'Items expire.'),
  held(
    'local/dynamodb/settings',
    'a table with %s is refused by the name of the member',
    'Streams, tags and classes of tables are not here, and are refused.',
  ),
  held(
    'local/events/pattern',
    '%s: %j -> %p',
    'A pattern matches as Event Ruler says, dotted names and `cidr` included.',
  ),
  held(
    'local/events/pattern',
    '%j is refused, saying why and where',
    'A pattern that AWS refuses is refused.',
  ),
  held('local/events/refusals', '%s is refused', 'So are names, events and rules that AWS refuses.'),
  held(
    'local/events/kept',
    'buses, rules, targets and tags are there after a restart',
    'Buses, rules and targets are kept.',
  ),
  held(
    'local/events/kept',
    'rules are found by their target',
    'ListRuleNamesByTarget finds a rule by its target.',
  ),
  held('local/events/cron', 'cron(%s) is due at %j', 'A rule may be due by cron(…).'),
  held('local/events/inputs', 'a template is filled with %s', 'A target may have an input transformer.'),
  held(
    'local/events/refusals',
    'an event is dropped, in one line, when %s',
    'Policies of queues and functions hold for rules made by a call.',
  ),
  held(
    'local/lambda/asynchronous',
    'an event on which a function throws is tried again after one and after two minutes, with the same request id',
    'An event has three tries,',
  ),
  held(
    'local/lambda/asynchronous',
    'the results of a function go to its destinations, as records of the invocation',
    'and then goes to the destination of its function.',
  ),
];
