/** Types of docs/openapi.json. Written by `npm run docs`. */

export type Attempt = { readonly attempt: number; readonly startedAt?: string | undefined; readonly endedAt: string; readonly failure?: Failure | undefined; readonly runId?: string | undefined; readonly logStream?: string | undefined; readonly usd?: number | undefined; readonly billedSeconds?: number | undefined };

export type BatchResult = { readonly status: number; readonly id?: string | undefined; readonly state?: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}) | undefined; readonly problem?: Problem | undefined };

export type BatchResults = { readonly results: readonly (BatchResult)[] };

export type Created = { readonly id: string; readonly state: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}) };

export type CreatedArray = { readonly group: string; readonly state: "open" | "sealed" | "running" | "finished" | (string & {}) };

export type Delivery = { readonly id: string; readonly endpointId: string; readonly webhookId: string; readonly jobId?: string | undefined; readonly event: string; readonly eventAt: string; readonly status: "pending" | "delivered" | "exhausted" | "abandoned" | "held" | (string & {}); readonly tries: number; readonly replays?: number | undefined; readonly lastTryAt?: string | undefined; readonly answer?: string | undefined; readonly nextTryAt?: string | undefined; readonly body: string; readonly answers: readonly (DeliveryTry)[] };

export type DeliveryPage = { readonly items: readonly (DeliverySummary)[]; readonly next?: string | undefined; readonly examined: number };

export type DeliverySummary = { readonly id: string; readonly endpointId: string; readonly webhookId: string; readonly jobId?: string | undefined; readonly event: string; readonly eventAt: string; readonly status: "pending" | "delivered" | "exhausted" | "abandoned" | "held" | (string & {}); readonly tries: number; readonly replays?: number | undefined; readonly lastTryAt?: string | undefined; readonly answer?: string | undefined; readonly nextTryAt?: string | undefined };

export type DeliveryTry = { readonly at: string; readonly ms: number; readonly answer: string; readonly headers?: Readonly<Record<string, string>> | undefined; readonly body?: string | undefined; readonly binary?: boolean | undefined; readonly cut?: string | undefined };

export type Endpoint = { readonly id: string; readonly tenantId: string; readonly url: string; readonly description?: string | undefined; readonly events: readonly (string)[]; readonly payload: "standard" | "cloudevents" | (string & {}); readonly signatures: readonly ({ readonly scheme: "v1" | "v1a" | (string & {}); readonly publicKey?: string | undefined; readonly until?: string | undefined })[]; readonly headers: readonly (string)[]; readonly disabled?: { readonly reason: string; readonly at: string } | undefined; readonly failingSince?: string | undefined };

export type EndpointPage = { readonly items: readonly (Endpoint)[] };

export type EndpointSecrets = { readonly endpoint: Endpoint; readonly secrets: readonly (string)[] };

export type Failure = { readonly class: "app_error" | "timeout" | "out_of_memory" | "spot_reclaimed" | "image_error" | "unschedulable" | "throttled" | "invalid_input" | "platform" | "lost" | (string & {}); readonly code: string; readonly message: string; readonly exitCode?: number | undefined; readonly reason?: string | undefined; readonly logStream?: string | undefined; readonly root?: string | undefined };

export type FailedJob = { readonly jobId: string; readonly tenantId: string; readonly jobType: string; readonly class: "app_error" | "timeout" | "out_of_memory" | "spot_reclaimed" | "image_error" | "unschedulable" | "throttled" | "invalid_input" | "platform" | "lost" | (string & {}); readonly code: string; readonly fingerprint: string; readonly message: string; readonly reason?: string | undefined; readonly exitCode?: number | undefined; readonly attempts: number; readonly failedAt: string; readonly tail?: readonly (string)[] | undefined };

export type FailureGroup = { readonly fingerprint: string; readonly jobType: string; readonly class: "app_error" | "timeout" | "out_of_memory" | "spot_reclaimed" | "image_error" | "unschedulable" | "throttled" | "invalid_input" | "platform" | "lost" | (string & {}); readonly code: string; readonly count: number; readonly tenants: number; readonly firstAt: string; readonly lastAt: string; readonly newest: FailedJob };

export type FailureGroupPage = { readonly items: readonly (FailureGroup)[]; readonly next?: string | undefined; readonly examined: number };

export type FailurePage = { readonly items: readonly (FailedJob)[]; readonly next?: string | undefined; readonly examined: number };

export type Group = { readonly group: string; readonly tenantId: string; readonly state: "open" | "sealed" | "running" | "finished" | (string & {}); readonly createdAt: string; readonly sealedAt?: string | undefined; readonly expect?: number | undefined; readonly closedAt?: string | undefined; readonly timeoutAt?: string | undefined; readonly cancelledAt?: string | undefined; readonly array?: { readonly idempotencyKey: string; readonly jobType: string; readonly items?: number | undefined; readonly made: number; readonly itemsRef?: string | undefined; readonly concurrency?: number | undefined; readonly maxFailed?: number | undefined; readonly failure?: { readonly code: string; readonly message: string } | undefined } | undefined; readonly round?: number | undefined; readonly members?: { readonly succeeded: number; readonly failed: number; readonly cancelled: number; readonly expired: number; readonly missing: number } | undefined; readonly finish?: { readonly round: number; readonly at: string; readonly status: "succeeded" | "failed" | (string & {}); readonly members: { readonly succeeded: number; readonly failed: number; readonly cancelled: number; readonly expired: number; readonly missing: number }; readonly manifest?: string | undefined } | undefined };

export type GroupMember = { readonly jobId: string; readonly job?: JobSummary | undefined };

export type GroupPage = { readonly items: readonly (Group)[]; readonly next?: string | undefined };

export type Health = { readonly status: "ok"; readonly audience: string; readonly door: "api" | "operate" | (string & {}) };

export type Job = { readonly id: string; readonly tenantId: string; readonly jobType: string; readonly idempotencyKey: string; readonly state: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}); readonly version: number; readonly attempt: number; readonly priority: "low" | "normal" | "high" | "urgent" | (string & {}); readonly createdAt: string; readonly stateAt: string; readonly startedAt?: string | undefined; readonly finishedAt?: string | undefined; readonly group?: string | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly progress?: { readonly done: number; readonly total?: number | undefined; readonly note?: string | undefined; readonly at: string } | undefined; readonly failure?: Failure | undefined; readonly parent?: string | undefined; readonly redrivenAs?: string | undefined; readonly input?: Readonly<Record<string, unknown>> | undefined; readonly inputRef?: string | undefined; readonly metadata?: Readonly<Record<string, unknown>> | undefined; readonly concurrencyKey?: string | undefined; readonly dependsOn?: readonly ({ readonly jobId?: string | undefined; readonly idempotencyKey?: string | undefined; readonly group?: string | undefined; readonly condition?: "succeeded" | "finished" | "failed" | (string & {}) | undefined })[] | undefined; readonly onDependencyFailure?: "fail" | "hold" | (string & {}) | undefined; readonly dependencyTimeoutAt?: string | undefined; readonly timeoutSeconds?: number | undefined; readonly eligibleAt?: string | undefined; readonly startBy?: string | undefined; readonly deadlineAt?: string | undefined; readonly nextAttemptAt?: string | undefined; readonly result?: { readonly inline?: unknown | undefined; readonly object?: string | undefined; readonly bytes?: number | undefined; readonly sha256?: string | undefined; readonly expiresAt?: string | undefined } | undefined; readonly expiresAt?: string | undefined; readonly attempts: readonly (Attempt)[]; readonly discardedAt?: string | undefined; readonly runId?: string | undefined; readonly hasSlot?: boolean | undefined; readonly signedBy?: { readonly kid: string; readonly jti?: string | undefined } | undefined };

export type JobPage = { readonly items: readonly (JobSummary)[]; readonly next?: string | undefined; readonly examined: number };

export type JobSummary = { readonly id: string; readonly tenantId: string; readonly jobType: string; readonly idempotencyKey: string; readonly state: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}); readonly version: number; readonly attempt: number; readonly priority: "low" | "normal" | "high" | "urgent" | (string & {}); readonly createdAt: string; readonly stateAt: string; readonly startedAt?: string | undefined; readonly finishedAt?: string | undefined; readonly group?: string | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly progress?: { readonly done: number; readonly total?: number | undefined; readonly note?: string | undefined; readonly at: string } | undefined; readonly failure?: Failure | undefined; readonly parent?: string | undefined; readonly redrivenAs?: string | undefined };

export type Key = { readonly publicKey: string; readonly name?: string | undefined; readonly scopes: readonly ("jobs:create" | "jobs:read" | "jobs:cancel" | "logs:read" | "groups:write" | "schedules:read" | "schedules:write" | "endpoints:read" | "usage:read" | (string & {}))[]; readonly tenants: readonly (string)[]; readonly maxTokenSeconds?: number | undefined; readonly expiresAt?: string | undefined; readonly tokensMaySetUp?: true | undefined; readonly bearer?: boolean | undefined; readonly keyId: string; readonly createdAt: string; readonly disabledAt?: string | undefined };

export type KeyPage = { readonly items: readonly (Key)[] };

export type Operation = { readonly id: string; readonly kind: "redrive" | "cancel" | "replay" | "erase" | (string & {}); readonly filter: { readonly tenant?: string | undefined; readonly since?: string | undefined; readonly until?: string | undefined; readonly type?: string | undefined; readonly class?: "app_error" | "timeout" | "out_of_memory" | "spot_reclaimed" | "image_error" | "unschedulable" | "throttled" | "invalid_input" | "platform" | "lost" | (string & {}) | undefined; readonly code?: string | undefined; readonly fingerprint?: string | undefined; readonly group?: string | undefined; readonly state?: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | (string & {}) | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly endpoint?: string | undefined; readonly status?: "pending" | "delivered" | "exhausted" | "abandoned" | "held" | (string & {}) | undefined; readonly event?: string | undefined; readonly job?: string | undefined }; readonly by: string; readonly perSecond: number; readonly max?: number | undefined; readonly state: "running" | "cancelling" | "finished" | "cancelled" | (string & {}); readonly examined: number; readonly done: number; readonly repeated: number; readonly refused: number; readonly codes: Readonly<Record<string, number>>; readonly createdAt: string; readonly changedAt: string; readonly endedAt?: string | undefined };

export type OperationPage = { readonly items: readonly (Operation)[] };

export type OperationPreview = { readonly matches: number; readonly examined: number; readonly more: boolean };

export type MemberPage = { readonly items: readonly (GroupMember)[]; readonly next?: string | undefined };

export type Problem = { readonly type: string; readonly title: string; readonly status: number; readonly code: string; readonly detail: string; readonly instance: string; readonly retryable: boolean; readonly retryAfterSeconds?: number | undefined; readonly errors: readonly ({ readonly pointer: string; readonly code: string; readonly message: string })[] };

export type Schedule = { readonly cron: string; readonly timeZone: string; readonly job: Readonly<Record<string, unknown>>; readonly overlap: "allow" | "queue" | "skip" | "replace" | (string & {}); readonly catchUp: "latest" | "none" | "all" | (string & {}); readonly catchUpSeconds: number; readonly jitterSeconds: number; readonly startAt?: string | undefined; readonly endAt?: string | undefined; readonly tenantId: string; readonly scheduleId: string; readonly paused?: { readonly by: "operator" | "tenant" | (string & {}); readonly reason?: string | undefined; readonly at: string } | undefined; readonly next: readonly (string)[]; readonly recent: readonly ({ readonly at: string; readonly jobId?: string | undefined; readonly until?: string | undefined; readonly skipped?: "overlap" | "missed" | (string & {}) | undefined })[]; readonly createdAt: string; readonly changedAt: string };

export type SchedulePage = { readonly items: readonly (Schedule)[] };

export type Tenant = { readonly tenantId: string; readonly settings?: { readonly status: "active" | "suspended" | (string & {}); readonly jobTypes?: readonly (string)[] | undefined; readonly weight?: number | undefined; readonly priorityCeiling?: "low" | "normal" | "high" | "urgent" | (string & {}) | undefined; readonly abovePriorityCeiling?: "clamp" | "refuse" | (string & {}) | undefined; readonly waitingQuota?: number | undefined; readonly caps: { readonly cap?: number | undefined; readonly typeCaps?: Readonly<Record<string, number>> | undefined; readonly keyCap?: number | undefined }; readonly budget?: { readonly usdPerMonth: number; readonly timeZone: string; readonly warnAt: number; readonly then: "hold" | "cancel" | "refuse" | (string & {}) } | undefined } | undefined; readonly paused?: { readonly reason: string; readonly at: string } | undefined; readonly spend?: { readonly month: string; readonly usd: number; readonly at: string; readonly until: string; readonly standing: string } | undefined; readonly inBatch: number; readonly waiting: number; readonly waitingSince?: string | undefined };

export type TenantPage = { readonly items: readonly ({ readonly tenantId: string; readonly status: "active" | "suspended" | (string & {}) })[] };

export type Timeline = { readonly items: readonly (TimelineEntry)[] };

export type TimelineEntry = { readonly at: string; readonly kind: string; readonly text: string; readonly attempt?: number | undefined; readonly failure?: Failure | undefined; readonly endpointId?: string | undefined; readonly event?: string | undefined };

export type Verdict = { readonly verdict: string; readonly text: string; readonly id?: string | undefined; readonly state?: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}) | undefined; readonly priority?: "low" | "normal" | "high" | "urgent" | (string & {}) | undefined; readonly wait?: Wait | undefined; readonly problem?: Problem | undefined };

export type Wait = { readonly jobId: string; readonly state: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}); readonly waitsFor: string; readonly text: string; readonly until?: string | undefined; readonly obstacle?: string | undefined; readonly cap?: number | undefined; readonly inUse?: number | undefined; readonly ahead?: number | undefined; readonly other?: string | undefined; readonly left?: number | undefined };

export type ArraySubmission = { readonly specVersion?: "1" | undefined; readonly jobType: string; readonly idempotencyKey?: string | undefined; readonly runAt?: string | undefined; readonly delaySeconds?: number | undefined; readonly ttlSeconds?: number | undefined; readonly deadlineSeconds?: number | undefined; readonly timeoutSeconds?: number | undefined; readonly priority?: "low" | "normal" | "high" | "urgent" | undefined; readonly concurrencyKey?: string | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly metadata?: Readonly<Record<string, unknown>> | undefined; readonly traceparent?: string | undefined; readonly dependsOn?: readonly ({ readonly jobId?: string | undefined; readonly idempotencyKey?: string | undefined; readonly group?: string | undefined; readonly condition?: "succeeded" | "finished" | "failed" | undefined })[] | undefined; readonly onDependencyFailure?: "fail" | "hold" | undefined; readonly dependencyTimeoutSeconds?: number | undefined; readonly array: { readonly items?: readonly (Readonly<Record<string, unknown>>)[] | undefined; readonly itemsRef?: string | undefined; readonly concurrency?: number | undefined; readonly maxFailed?: number | undefined } };

export type EndpointCreation = { readonly url: string; readonly description?: string | undefined; readonly events?: readonly (string)[] | undefined; readonly payload?: "standard" | "cloudevents" | undefined; readonly signatures?: readonly ("v1" | "v1a")[] | undefined; readonly headers?: Readonly<Record<string, string>> | undefined; readonly secret?: string | undefined };

export type EndpointUpdate = { readonly url?: string | undefined; readonly description?: string | undefined; readonly events?: readonly (string)[] | undefined; readonly headers?: Readonly<Record<string, string>> | undefined };

export type GroupSeal = { readonly expect?: number | undefined; readonly groupTimeoutSeconds?: number | undefined };

export type KeySettings = { readonly publicKey: string; readonly name?: string | undefined; readonly scopes: readonly ("jobs:create" | "jobs:read" | "jobs:cancel" | "logs:read" | "groups:write" | "schedules:read" | "schedules:write" | "endpoints:read" | "usage:read")[]; readonly tenants: readonly (string)[]; readonly maxTokenSeconds?: number | undefined; readonly expiresAt?: string | undefined; readonly tokensMaySetUp?: true | undefined; readonly bearer?: true | undefined };

export type OperationStart = { readonly kind: "redrive" | "cancel" | "replay"; readonly filter: { readonly tenant?: string | undefined; readonly since?: string | undefined; readonly until?: string | undefined; readonly type?: string | undefined; readonly class?: "app_error" | "timeout" | "out_of_memory" | "spot_reclaimed" | "image_error" | "unschedulable" | "throttled" | "invalid_input" | "platform" | "lost" | undefined; readonly code?: string | undefined; readonly fingerprint?: string | undefined; readonly group?: string | undefined; readonly state?: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly endpoint?: string | undefined; readonly status?: "pending" | "delivered" | "exhausted" | "abandoned" | "held" | undefined; readonly event?: string | undefined; readonly job?: string | undefined }; readonly perSecond?: number | undefined; readonly max?: number | undefined };

export type ScheduleDefinition = { readonly cron: string; readonly timeZone?: string | undefined; readonly job: Readonly<Record<string, unknown>>; readonly overlap?: "allow" | "queue" | "skip" | "replace" | undefined; readonly catchUp?: "latest" | "none" | "all" | undefined; readonly catchUpSeconds?: number | undefined; readonly jitterSeconds?: number | undefined; readonly startAt?: string | undefined; readonly endAt?: string | undefined };

export type Submission = { readonly specVersion?: "1" | undefined; readonly jobType: string; readonly idempotencyKey?: string | undefined; readonly input?: Readonly<Record<string, unknown>> | undefined; readonly inputRef?: string | undefined; readonly runAt?: string | undefined; readonly delaySeconds?: number | undefined; readonly ttlSeconds?: number | undefined; readonly deadlineSeconds?: number | undefined; readonly timeoutSeconds?: number | undefined; readonly priority?: "low" | "normal" | "high" | "urgent" | undefined; readonly concurrencyKey?: string | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly metadata?: Readonly<Record<string, unknown>> | undefined; readonly traceparent?: string | undefined; readonly group?: string | undefined; readonly dependsOn?: readonly ({ readonly jobId?: string | undefined; readonly idempotencyKey?: string | undefined; readonly group?: string | undefined; readonly condition?: "succeeded" | "finished" | "failed" | undefined })[] | undefined; readonly onDependencyFailure?: "fail" | "hold" | undefined; readonly dependencyTimeoutSeconds?: number | undefined };

export type SubmissionBatch = { readonly jobs: readonly (Submission)[] };

export type TenantUpdate = { readonly status: "active" | "suspended"; readonly jobTypes?: readonly (string)[] | undefined; readonly weight?: number | undefined; readonly priorityCeiling?: "low" | "normal" | "high" | "urgent" | undefined; readonly abovePriorityCeiling?: "clamp" | "refuse" | undefined; readonly waitingQuota?: number | undefined; readonly caps?: { readonly cap?: number | undefined; readonly typeCaps?: Readonly<Record<string, number>> | undefined; readonly keyCap?: number | undefined } | undefined; readonly budget?: { readonly usdPerMonth: number; readonly timeZone?: string | undefined; readonly warnAt?: number | undefined; readonly then: "hold" | "cancel" | "refuse" } | undefined };

/** By method and path: what a call that was not refused answers. */
export interface Answers {
  'post /v1/jobs': Created;
  'get /v1/jobs': JobPage;
  'post /v1/jobs:batch': BatchResults;
  'post /v1/jobs:check': Verdict;
  'get /v1/jobs/{jobId}': Job;
  'get /v1/jobs/{jobId}/why': Wait;
  'get /v1/jobs/{jobId}/timeline': Timeline;
  'post /v1/jobs/{jobId}/cancel': Job;
  'get /v1/jobs/{jobId}/attempts/{attempt}/logs': { readonly lines: readonly ({ readonly at: string; readonly message: string })[]; readonly next?: string | undefined };
  'get /v1/failures': FailurePage;
  'get /v1/failures/groups': FailureGroupPage;
  'post /v1/jobs/{jobId}/redrive': Job;
  'post /v1/jobs/{jobId}/redrive-dependents': { readonly items: readonly ({ readonly id: string; readonly tenantId: string; readonly jobType: string; readonly idempotencyKey: string; readonly state: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}); readonly version: number; readonly attempt: number; readonly priority: "low" | "normal" | "high" | "urgent" | (string & {}); readonly createdAt: string; readonly stateAt: string; readonly startedAt?: string | undefined; readonly finishedAt?: string | undefined; readonly group?: string | undefined; readonly tags?: Readonly<Record<string, string>> | undefined; readonly progress?: { readonly done: number; readonly total?: number | undefined; readonly note?: string | undefined; readonly at: string } | undefined; readonly failure?: { readonly class: "app_error" | "timeout" | "out_of_memory" | "spot_reclaimed" | "image_error" | "unschedulable" | "throttled" | "invalid_input" | "platform" | "lost" | (string & {}); readonly code: string; readonly message: string; readonly exitCode?: number | undefined; readonly reason?: string | undefined; readonly logStream?: string | undefined; readonly root?: string | undefined } | undefined; readonly parent?: string | undefined; readonly redrivenAs?: string | undefined })[]; readonly refused: readonly ({ readonly jobId: string; readonly code: string })[]; readonly left: number };
  'post /v1/jobs/{jobId}/discard': Job;
  'post /v1/operations': Operation;
  'get /v1/operations': OperationPage;
  'post /v1/operations:preview': OperationPreview;
  'get /v1/operations/{operationId}': Operation;
  'post /v1/operations/{operationId}/cancel': Operation;
  'post /v1/arrays': CreatedArray;
  'get /v1/groups': GroupPage;
  'get /v1/groups/{groupId}': Group;
  'get /v1/groups/{groupId}/members': MemberPage;
  'post /v1/groups/{groupId}/seal': Group;
  'post /v1/groups/{groupId}/cancel': Group;
  'get /v1/endpoints': EndpointPage;
  'post /v1/endpoints': EndpointSecrets;
  'get /v1/endpoints/{endpointId}': Endpoint;
  'patch /v1/endpoints/{endpointId}': Endpoint;
  'delete /v1/endpoints/{endpointId}': undefined;
  'get /v1/endpoints/{endpointId}/deliveries': DeliveryPage;
  'get /v1/deliveries/{deliveryId}': Delivery;
  'post /v1/endpoints/{endpointId}/rotate': EndpointSecrets;
  'post /v1/endpoints/{endpointId}/revoke': Endpoint;
  'post /v1/endpoints/{endpointId}/disable': Endpoint;
  'post /v1/endpoints/{endpointId}/enable': Endpoint;
  'post /v1/endpoints/{endpointId}/ping': { readonly deliveryId: string };
  'post /v1/deliveries/{deliveryId}/replay': DeliverySummary;
  'get /v1/tenants': TenantPage;
  'get /v1/tenants/{tenantId}': Tenant;
  'put /v1/tenants/{tenantId}': Tenant;
  'delete /v1/tenants/{tenantId}': Operation;
  'get /v1/tenants/{tenantId}/usage': { readonly tenantId: string; readonly month: string; readonly items: readonly ({ readonly name: string; readonly jobs: number; readonly attempts: number; readonly billedSeconds: number; readonly usd: number })[]; readonly total: { readonly name: string; readonly jobs: number; readonly attempts: number; readonly billedSeconds: number; readonly usd: number }; readonly prices: string };
  'get /v1/tenants/{tenantId}/slots': { readonly items: readonly ({ readonly jobId: string; readonly attempt: number; readonly idempotencyKey?: string | undefined; readonly jobType?: string | undefined; readonly state?: "scheduled" | "blocked" | "waiting" | "submitting" | "submitted" | "starting" | "running" | "retrying" | "cancelling" | "succeeded" | "failed" | "cancelled" | "expired" | (string & {}) | undefined; readonly stateAt?: string | undefined; readonly leaked?: true | undefined })[]; readonly above: readonly ({ readonly what: string; readonly inUse: number; readonly cap: number })[] };
  'post /v1/tenants/{tenantId}/pause': Tenant;
  'post /v1/tenants/{tenantId}/revoke-tokens': { readonly tenantId: string; readonly tokensNotBefore: string };
  'post /v1/tenants/{tenantId}/resume': Tenant;
  'get /v1/usage': { readonly month: string; readonly items: readonly ({ readonly name: string; readonly jobs: number; readonly attempts: number; readonly billedSeconds: number })[]; readonly total: { readonly name: string; readonly jobs: number; readonly attempts: number; readonly billedSeconds: number } };
  'get /v1/schedules': SchedulePage;
  'get /v1/schedules/{scheduleId}': Schedule;
  'put /v1/schedules/{scheduleId}': Schedule;
  'delete /v1/schedules/{scheduleId}': undefined;
  'post /v1/schedules/{scheduleId}/pause': Schedule;
  'post /v1/schedules/{scheduleId}/resume': Schedule;
  'post /v1/schedules/{scheduleId}/run': { readonly jobId: string };
  'post /v1/keys': Key;
  'get /v1/keys': KeyPage;
  'get /v1/keys/{keyId}': Key;
  'post /v1/keys/{keyId}/disable': Key;
  'get /v1/activity': { readonly minutes: readonly ({ readonly at: string; readonly attempts: number })[]; readonly today: { readonly since: string; readonly attempts: number; readonly jobs: number; readonly billedSeconds: number; readonly usd: number; readonly more: boolean }; readonly pace: { readonly perSecond: number; readonly takenSeconds: number } };
  'get /v1/upkeep': { readonly items: readonly ({ readonly id: string; readonly ok: boolean; readonly says: string; readonly fix?: string | undefined })[]; readonly deadLetters: readonly ({ readonly queue: string; readonly count: number })[] };
  'get /v1/health': Health;
  'get /v1/openapi.json': { readonly openapi: string };
}

/** The bodies of calls that have one. */
export interface Bodies {
  'post /v1/jobs': Submission;
  'post /v1/jobs:batch': SubmissionBatch;
  'post /v1/jobs:check': Submission;
  'post /v1/jobs/{jobId}/discard': { readonly reason: string };
  'post /v1/operations': OperationStart;
  'post /v1/operations:preview': OperationStart;
  'post /v1/arrays': ArraySubmission;
  'post /v1/groups/{groupId}/seal': GroupSeal;
  'post /v1/endpoints': EndpointCreation;
  'patch /v1/endpoints/{endpointId}': EndpointUpdate;
  'post /v1/endpoints/{endpointId}/disable': { readonly reason: string };
  'put /v1/tenants/{tenantId}': TenantUpdate;
  'post /v1/tenants/{tenantId}/pause': { readonly reason: string };
  'put /v1/schedules/{scheduleId}': ScheduleDefinition;
  'post /v1/schedules/{scheduleId}/pause': { readonly reason: string };
  'post /v1/keys': KeySettings;
}
