"""Airflow's hook and operator for Batch: a job, its waiters, an array, retries, an end, and what a job printed."""

import os

from airflow.providers.amazon.aws.hooks.batch_client import BatchClientHook
from airflow.providers.amazon.aws.hooks.batch_waiters import BatchWaitersHook
from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook

IMAGE, QUEUE = os.environ["IMAGE"], os.environ["JOB_QUEUE"]
BatchClientHook.DEFAULT_DELAY_MIN = BatchClientHook.DEFAULT_DELAY_MAX = 0
hook = BatchClientHook(aws_conn_id=None, region_name="us-east-1", max_retries=300, status_retries=3)
hook.exponential_delay = lambda tries: 0.1
hook.client.register_job_definition(
    jobDefinitionName="airflow",
    type="container",
    containerProperties={
        "image": IMAGE,
        "command": ["/bin/sh", "-c", "echo default"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "airflow"}},
    },
)


def submit(name, script, **more):
    overrides = {"command": ["/bin/sh", "-c", script]}
    return hook.client.submit_job(
        jobName=name, jobQueue=QUEUE, jobDefinition="airflow", containerOverrides=overrides, **more
    )["jobId"]


def fails(job_id):
    hook.wait_for_job(job_id, delay=0)
    try:
        hook.check_job_success(job_id)
    except Exception:
        return True
    return False


good = submit("good", "echo one; echo two")
hook.wait_for_job(good, delay=0)
assert hook.check_job_success(good)
(place,) = hook.get_job_all_awslogs_info(good)
assert place["awslogs_group"] == "airflow", place
logs = AwsLogsHook(aws_conn_id=None, region_name="us-east-1")
events = logs.get_log_events(log_group=place["awslogs_group"], log_stream_name=place["awslogs_stream_name"])
assert [event["message"] for event in events] == ["one", "two"], place

array = submit("array", "exit 0", arrayProperties={"size": 3})
BatchWaitersHook(aws_conn_id=None, region_name="us-east-1").get_waiter("JobComplete").wait(
    jobs=[array], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
)
assert hook.check_job_success(array)

again = {"attempts": 3, "evaluateOnExit": [{"onExitCode": "7", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]}
retried = submit("retried", "exit $((8 - AWS_BATCH_JOB_ATTEMPT))", retryStrategy=again)
assert fails(retried)
assert len(hook.get_job_description(retried)["attempts"]) == 2, hook.get_job_description(retried)

endless = submit("endless", "sleep 600")
hook.poll_for_job_running(endless, delay=0)
hook.terminate_job(endless, "enough")
assert fails(endless)
assert hook.get_job_description(endless)["statusReason"] == "enough"

# Several containers in one task, as BatchOperator(ecs_properties_override=...) submits them.
SIZE = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "airflow"}}
hook.client.register_job_definition(
    jobDefinitionName="several",
    type="container",
    ecsProperties={
        "taskProperties": [
            {
                "containers": [
                    {
                        "name": name,
                        "image": IMAGE,
                        "essential": name == "main",
                        "command": ["/bin/sh", "-c", "exit 1"],
                        "resourceRequirements": SIZE,
                        "logConfiguration": LOGS,
                    }
                    for name in ("main", "beside")
                ]
            }
        ]
    },
)
override = {"name": "main", "command": ["/bin/sh", "-c", "echo overridden"], "environment": [{"name": "A", "value": "1"}]}
several = hook.client.submit_job(
    jobName="several",
    jobQueue=QUEUE,
    jobDefinition="several",
    ecsPropertiesOverride={"taskProperties": [{"containers": [override]}]},
)["jobId"]
hook.wait_for_job(several, delay=0)
assert hook.check_job_success(several)
(task,) = hook.get_job_description(several)["ecsProperties"]["taskProperties"]
main = next(container for container in task["containers"] if container["name"] == "main")
assert main["exitCode"] == 0 and main["environment"] == override["environment"], main
events = logs.get_log_events(log_group="airflow", log_stream_name=main["logStreamName"])
assert [event["message"] for event in events] == ["overridden"], main
