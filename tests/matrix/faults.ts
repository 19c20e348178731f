/** A part fails, or does something twice, late or never. */
import type { Rows } from './rows.ts';

export const faults: Rows = {
  F01: {
    what: 'A service sends one message twice.',
    answer: 'There is one job, and the copy is answered by it.',
  },
  F02: {
    what: 'A service uses an idempotency key again for another request.',
    answer: 'The second is refused and told to its tenant; the first job is untouched.',
  },
  F03: {
    what: 'SQS delivers a message again, or brings back one that was deleted.',
    answer: 'The record knows how far its job is; nothing is submitted twice.',
  },
  F04: {
    what: 'A cancel arrives before the job it is about.',
    answer: 'It leaves a tombstone, and the job is recorded as cancelled.',
  },
  F05: {
    what: 'A receive is counted, and nothing comes of it.',
    answer: 'A message has five receives, so it is still worked on.',
  },
  F06: {
    what: 'A message becomes visible while its handler still runs.',
    answer: 'Both write on the condition of what they saw; one of them loses and reads again.',
  },
  F07: {
    what: 'Intake dies before it has recorded a job.',
    answer: 'The message comes back and is recorded then.',
  },
  F08: {
    what: 'A handler dies between the record of a job and its slot.',
    answer: 'The job waits with a time at which tick looks, and is let in.',
  },
  F09: {
    what: 'Submit dies when it has the slot and has not called Batch.',
    answer: 'The attempt keeps its slot, and its message comes back or is sent again by tick.',
  },
  F10: {
    what: 'Submit dies after Batch has taken the job.',
    answer: 'The call counts as open until an event, a claim or the list of Batch names the Batch job.',
  },
  F11: {
    what: 'A submission that was given up arrives at Batch minutes later.',
    answer: 'If a second one was made meanwhile, one container claims the attempt and the other is ended.',
  },
  F12: {
    what: 'A Lambda is killed in the middle of a batch of messages.',
    answer: 'All of them come back, and those that were done find nothing to do.',
  },
  F13: {
    what: 'One message in a batch cannot be worked on.',
    answer: 'It alone goes back to the queue, and the rest are done.',
  },
  F14: {
    what: 'A step answers for a message that is not in its batch.',
    answer: 'The answer to Lambda names messages of the batch alone, or all of them would come back.',
  },
  F15: {
    what: 'A queue is wired to its function without partial answers.',
    answer: 'The packaged template is refused before it is deployed.',
  },
  F16: {
    what: 'A message is made to use up the memory or the stack of its reader.',
    answer: 'It is walked once, within limits on bytes, depth and keys, before it is parsed.',
  },
  F17: {
    what: 'Batch throttles SubmitJob.',
    answer: 'The job keeps attempt, slot and state, and the call is made again later.',
  },
  F18: {
    what: 'Batch answers with a server error and has taken the job all the same.',
    answer: 'The outcome counts as unknown, and the Batch job is adopted.',
  },
  F19: {
    what: 'Batch refuses a submission for good.',
    answer: "The job fails with Batch's words, gives its slot back, and its tenant is told.",
  },
  F20: {
    what: 'The list of Batch does not show a job yet.',
    answer: 'It is asked only after a settle time; at worst there is a second Batch job, and one run.',
  },
  F21: {
    what: 'AWS Batch has forgotten a job whose end was not reported.',
    answer: 'After three looks the attempt is lost, its slot is free, and the next attempt follows.',
  },
  F22: {
    what: 'Batch tries a job again by itself, and events of the first try come late.',
    answer: 'The order is the number of tries and then the status, so that what is late changes nothing.',
  },
  F23: {
    what: 'A job stays in Batch without ever finding room.',
    answer: 'It expires when its `ttlSeconds` are over, and its place in Batch is given up.',
  },
  F24: {
    what: 'A person ends a Batch job by hand.',
    answer: 'The job fails with the reason that was given, and is not tried again.',
  },
  F25: {
    what: 'Every event of Batch is lost.',
    answer: 'Tick asks Batch and brings each job to its end.',
  },
  F26: {
    what: 'An event of Batch comes twice.',
    answer: 'The second changes nothing, and what the first owed is sent again.',
  },
  F27: {
    what: 'An event of Batch comes hours after the end of its job.',
    answer: 'It is acknowledged, and not even the version changes.',
  },
  F28: {
    what: 'EventBridge cannot put an event into the queue of its rule.',
    answer: "The rule's own dead-letter queue keeps it, and tick does without it.",
  },
  F29: {
    what: 'Track dies between the end of a job and the waking of the next.',
    answer: 'The event comes back, or tick finds the slot of a job that is over.',
  },
  F30: {
    what: 'An event is about a job that is not in the table, or carries the tag of another tenant.',
    answer:
      'The first is acknowledged; the second changes nothing and ends in the dead-letter queue of events.',
  },
  F31: {
    what: 'The endpoint of one tenant lets every webhook hang.',
    answer: 'It is handed to a lane of its own, and the webhooks of others do not wait for it.',
  },
  F32: {
    what: 'Notify dies after a POST and before it is recorded.',
    answer: 'The same bytes are sent again under the same id.',
  },
  F33: {
    what: 'An endpoint fails until its schedule is over, and works again later.',
    answer: 'The delivery is exhausted and kept; a replay brings it.',
  },
  F34: {
    what: 'An endpoint answers 410.',
    answer: 'It is disabled at once, and what comes later is held for a replay.',
  },
  F35: {
    what: 'An endpoint redirects to an address inside the network.',
    answer: 'A redirect is a failure and is not followed.',
  },
  F36: {
    what: 'The name of an endpoint resolves to private addresses, to some of them, to none, or never.',
    answer: 'Nothing is dialled but an address that was vetted in the same look-up.',
  },
  F37: {
    what: 'Our own name resolution or network is down.',
    answer: 'The webhook counts as unsent: it is no try of the tenant, and no mark against the endpoint.',
  },
  F38: {
    what: 'A signing secret is rotated between two tries.',
    answer: 'Both secrets sign for a day, and a receiver verifies with either.',
  },
  F39: {
    what: 'KMS refuses to open a signing key.',
    answer: 'Nothing is sent unsigned; the try is put off and an error is logged.',
  },
  F40: {
    what: 'DynamoDB throttles or fails a call.',
    answer: 'The message it was for comes back; no write is half done.',
  },
  F41: {
    what: 'Many handlers want the slots of one tenant at the same moment.',
    answer:
      'Each write is conditional: one gets through, the others read and count again, and no cap is exceeded.',
  },
  F42: {
    what: 'A write gets through, its answer is lost, and the SDK repeats it.',
    answer: 'The writer knows its own write by a token that lies on the item.',
  },
  F43: {
    what: 'The index of what is due still shows an item as it was.',
    answer: 'The record is read consistently before anything is done about it.',
  },
  F44: {
    what: 'A record grows towards the largest item that DynamoDB takes.',
    answer: 'Intake refuses what would leave no room for a result and a history.',
  },
  F45: {
    what: 'Ticks overlap, or one dies half-way.',
    answer: 'Every write is conditional, so each repair happens once; the next tick takes what is left.',
  },
  F46: {
    what: 'Tick rests for a day.',
    answer:
      'What was lost meanwhile is repaired when it runs again, with a few calls to Batch for many jobs.',
  },
  F47: {
    what: 'A container dies before it has claimed its attempt.',
    answer: 'Nothing was touched, and the next try or attempt claims.',
  },
  F48: {
    what: 'A container dies between its work and the commit of the result.',
    answer: 'A later try of the same Batch job takes over the claim; its objects have the same names.',
  },
  F49: {
    what: 'Two containers run for one attempt.',
    answer: 'One claims it; the other leaves without having touched the input.',
  },
  F50: {
    what: 'A container starts when its job is over.',
    answer: 'It gets no claim, leaves with exit code 0, and nothing changes.',
  },
  F51: {
    what: 'The input of a job is missing, or is not what the job type expects.',
    answer: 'The job fails for good with a code and a sentence, without another attempt.',
  },
  F52: {
    what: 'The result of a job cannot be stored.',
    answer: 'There is no result on the record, so the attempt has failed and another follows.',
  },
  F53: {
    what: 'The capacity under a container is taken back.',
    answer: 'Batch tries again, then the next attempt does, and after two of them outside of Spot.',
  },
  F54: {
    what: 'A dead letter is redriven several times, by us or by SQS, under new message ids.',
    answer: 'The job has one child, which runs once, and a redrive keeps its pace.',
  },
  F55: {
    what: 'A dead-letter queue keeps messages for a shorter time than its source.',
    answer: 'The packaged template is refused before it is deployed.',
  },
  F56: {
    what: 'Clocks disagree, or one is set back.',
    answer: 'Versions and the order of Batch decide; clocks decide only how long is waited.',
  },
  F57: {
    what: 'A newer version writes what an older one does not know.',
    answer:
      'Unknown fields stay where they are; a record in an unknown state is left alone, for the tick of the newer version.',
  },
  F58: {
    what: 'A cap is set below what is running.',
    answer: 'No job is ended, and none acquires a slot before there is room.',
  },
  F59: {
    what: 'A job is cancelled, in whatever state.',
    answer: 'It has one end, told once, and gives its slot back once.',
  },
  F60: {
    what: 'A reader reads a job again and again while it changes.',
    answer: 'What is read never goes back, and shows one end.',
  },
  F61: {
    what: 'Another application uses up the SubmitJob quota of the account.',
    answer: 'Jobs wait longer, tenants by their weights, and none is lost or failed for it.',
  },
  F62: {
    what: 'The log cannot be written.',
    answer: 'The work goes on, and nothing else is written in its place.',
  },
  F63: {
    what: 'The policy of a queue, or its key, is removed in production.',
    notHere:
      'Only a deployment on AWS itself can show it, and its alarms are not in the template yet. What is lost meanwhile is F25 and F28.',
  },
  F64: {
    what: 'A connection to AWS is swallowed: nothing is refused, and nothing answers.',
    answer:
      'Every client has a timeout; for SubmitJob the outcome counts as unknown, and the call is made once.',
  },
  F65: {
    what: 'The ending of a second Batch job is late, and that job claims first.',
    answer:
      'It was refused on the record before it was ended, so it gets no claim and the owner is left alone.',
  },
  F66: {
    what: 'A job is cancelled before it arrives, while the table still keeps the tombstone of an earlier cancel.',
    answer: 'Each cancel renews the tombstone, which counts by its time and not by its presence.',
  },
  F67: {
    what: 'Another tenant cancels a job by its id, before it arrives or after.',
    answer: 'The job runs, and a cancel of its own tenant ends it all the same.',
  },
  F68: {
    what: 'A message is repeated, or a dead letter redriven, while its tenant is suspended, paused, full or unknown.',
    answer:
      'Which job it is comes first: a job that is there goes on, and a letter that is refused still names its failed job.',
  },
  F69: {
    what: 'A job is cancelled after it failed and was redriven, by any of its names.',
    answer: 'The cancel reaches the newest redrive, also one that is still on its way.',
  },
  F70: {
    what: 'An endpoint answers 200 with 20 KB of headers, or in HTTP that breaks its rules of framing.',
    answer:
      'Headers may have 32 KiB in all. An answer that is not correct HTTP/1.1 counts as none, and the delivery log names what to mend.',
  },
  F71: {
    what: 'An operator disables a job queue, or deletes it.',
    answer:
      'The jobs for it wait without a slot, with a reason, and are tried again after half a minute to two hours. Each refusal is a log line of level ERROR.',
  },
  F72: {
    what: 'A job definition is deregistered while jobs wait for it.',
    answer: 'The jobs for it wait as for a disabled queue, and run when a definition is there again.',
  },
  F73: {
    what: 'A right, a role, a share or a scheduling policy is missing, so that AWS refuses each SubmitJob.',
    answer: 'As for a disabled queue. Only a refusal that names the request itself fails a job.',
  },
  F74: {
    what: 'AWS or a library names account ids, ARNs, hosts or request ids in what it says of a failure.',
    answer:
      'The tenant is told a sentence of ours; the operator finds the text of AWS in `failure.reason`, in each ended attempt and in the dead letter.',
  },
  F75: {
    what: 'A container ends because its heap is full, or by a signal that its image uses for that.',
    answer:
      'Exit code 134 of the worker is of class `out_of_memory`, and the next attempt may get more memory; a job type may map 137 as well.',
  },
  F76: {
    what: 'A version that is older than a job meets it: its job type is not registered there, or its code throws.',
    answer: 'The job waits as for a disabled queue, until a version that knows its type runs again.',
  },
  F77: {
    what: 'A worker ends for good because its result is too large, or because its image lacks the handler.',
    answer: 'Its class is `app_error` or `platform`, after the owner of the cause, and not `invalid_input`.',
  },
  F80: {
    what: "A handler opens an object outside of its tenant's folder, or writes one.",
    answer:
      'No URL is signed for it; it looks like an object that does not exist, and the job fails for good.',
  },
  F81: {
    what: 'The heap of a container is full before the memory of its task is.',
    answer: 'V8 may use three quarters of the memory that the task has, also after it was doubled.',
  },
  F82: {
    what: 'A handler throws an error that it did not foresee.',
    answer:
      "Message, stack and causes are in the job's own log stream; the tenant gets a code and a sentence without them.",
  },
  F83: {
    what: 'The result of a job has a number, a text or a nesting that DynamoDB does not take.',
    answer: 'It is JSON all the same: an object keeps it as it is, and the work is not repeated.',
  },
  F84: {
    what: 'The schema of a job type is tightened while its jobs wait.',
    answer:
      'Submit and the worker check by the same rule before the handler starts; the job fails for good as `invalid_input`.',
  },
  F90: {
    what: 'A row is in the table that this version cannot read: after a roll-back, or edited by hand.',
    answer:
      'Work that needs the row fails with its key and is repeated; all other work goes on. A gate, a tenant and a job are told from absent ones.',
  },
  F91: {
    what: 'One entry of a call that carries several is refused, or makes the whole call fail.',
    answer: 'Only what that entry belongs to is repeated.',
  },
  F92: {
    what: 'An item that is due fails in each run of tick: it cannot be read, or what it needs throws.',
    answer:
      'The others go on. It is tried after 1, 2, 4 and 8 minutes, and then set aside: tried every hour, logged as an error, listed by `headgate reconcile --set-aside`.',
  },
  F95: {
    what: 'A refused message names its tenant twice, in two spellings, or inside of an envelope.',
    answer: 'No tenant is told: it is not certain whose message it is. Its dead letter is kept.',
  },
  F96: {
    what: 'An attempt fails in one way after others ended in another, or were reclaimed.',
    answer:
      'Each class of failure counts its own attempts; reclaims are outside of the budget, with a bound of their own.',
  },
  F97: {
    what: 'A job type promises what none of its attempts can reach.',
    answer: 'The build refuses it, and the sentence says which figure to change.',
  },
};
