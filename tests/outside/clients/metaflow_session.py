"""Metaflow: its own definition of a job, one that runs, one that fails, and one that is killed."""

import inspect
import os
import time

from metaflow.plugins.aws.batch.batch_client import BatchClient

ROLE = "arn:aws:iam::000000000000:role/metaflow"
client = BatchClient()
assert client.active_job_queues(), "no active queue"


def job(name, script):
    made = client.job()
    unset = dict.fromkeys(inspect.signature(made.job_def).parameters)
    made.job_def(**{**unset, "image": os.environ["IMAGE"], "iam_role": ROLE, "job_queue": os.environ["JOB_QUEUE"], "memory": 256})
    made.image(os.environ["IMAGE"]).iam_role(ROLE).job_queue(os.environ["JOB_QUEUE"]).job_name(name)
    made.cpu(1).memory(256).command(["/bin/sh", "-c", script]).environment_variable("NAME", name)
    made.timeout_in_secs(120).attempts(1).task_id(name)
    return made.execute()


def ended(running):
    while not running.is_done:
        time.sleep(0.2)
        running.update()
    return running


assert ended(job("succeeds", 'test "$NAME" = succeeds')).is_successful
failed = ended(job("fails", "exit 9"))
assert failed.is_crashed and failed.status_code == 9, failed.info
killed = job("killed", "sleep 600")
while not killed.is_running:
    time.sleep(0.2)
    killed.update()
assert killed.id in [each["jobId"] for each in client.unfinished_jobs()]
killed.kill()
assert ended(killed).is_crashed, killed.info
assert "termination" in killed.status_reason, killed.status_reason
