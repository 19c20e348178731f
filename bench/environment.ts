/** What a function finds in its environment on Lambda, with addresses where nothing answers. */
const NOWHERE = 'http://127.0.0.1:1/bench';

export function environmentOf(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    STAGE: 'bench',
    TABLE_NAME: 'bench',
    KEYS_TABLE_NAME: 'bench',
    BUCKET_NAME: 'headgate-bench',
    FRONT_QUEUE_URL: NOWHERE,
    SUBMIT_QUEUE_URL: NOWHERE,
    DELIVERY_QUEUE_URL: NOWHERE,
    DEAD_LETTER_QUEUE_URL: NOWHERE,
    NOTIFY_QUEUE_URL: NOWHERE,
    EVENT_BUS_NAME: 'bench',
    WORKER_LOG_GROUP: 'bench',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
    TRACE_SAMPLING: '0.05',
    HEADGATE_API: 'headgate-bench-worker-api',
    PRICING: '{"region":"us-east-1","spotFactor":0.3}',
    JOB_QUEUE_STANDARD: 'standard',
    JOB_QUEUE_ECONOMY: 'economy',
    JOB_DEFINITIONS: '{"prefix":"bench_","revisions":{}}',
    BATCH_CALLS_PER_SECOND: '40',
    TENANT_DEFAULTS:
      '{"admitUnknown":false,"cap":0,"waitingQuota":1000,"priorityCeiling":"high","abovePriorityCeiling":"clamp"}',
    SUBMIT_SETTLE_SECONDS: '60',
    WEBHOOK_KEY_ID: 'bench',
    WORKER_KEY_ID: 'bench',
    NETWORK_PROBE_HOST: 'sts.example.com',
    PUBLISH_EVENTS: 'final',
    RECORD_RUNNING: 'true',
    PAGE_ORIGINS: '',
    STACK_AUDIENCE: 'bench',
    LOG_LEVEL: 'INFO',
    OBJECT_RETENTION_DAYS: '30',
    RETENTION_DAYS: '{"succeeded":90,"failed":180,"cancelled":90,"expired":90}',
    DEAD_LETTER_QUEUES: '{"front":"https://sqs.example.com/front-dead"}',
  };
}
