/** Every Lambda reads its environment while it is imported. Import this first: the simulator calls no real service. */
const url = 'http://127.0.0.1:1/simulated';

Object.assign(process.env, {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
  POWERTOOLS_DEV: 'false',
  TABLE_NAME: 'simulated',
  BUCKET_NAME: 'headgate-jobs',
  SUBMIT_QUEUE_URL: url,
  DELIVERY_QUEUE_URL: url,
  DEAD_LETTER_QUEUE_URL: url,
  EVENT_BUS_NAME: 'simulated',
  WORKER_LOG_GROUP: 'simulated',
  JOB_QUEUE_STANDARD: 'standard',
  JOB_QUEUE_ECONOMY: 'economy',
  JOB_DEFINITION_SMALL: 'small',
  JOB_DEFINITION_MEDIUM: 'medium',
  JOB_DEFINITION_PLAIN: 'plain',
  BATCH_CALLS_PER_SECOND: '40',
  TENANT_DEFAULTS:
    '{"admitUnknown":false,"cap":0,"waitingQuota":1000,"priorityCeiling":"high","abovePriorityCeiling":"clamp"}',
  SUBMIT_SETTLE_SECONDS: '60',
  WEBHOOK_KEY_ID: 'simulated',
  NETWORK_PROBE_HOST: 'sts.example.com',
});
