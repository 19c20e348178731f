"""redun: a definition that is found again, a job with its log, an array, and a job that is killed by its name."""

import os
import time

from redun.executors.aws_batch import (
    aws_describe_jobs,
    batch_submit,
    create_job_override_command,
    get_or_create_job_definition,
    iter_batch_job_log_lines,
    iter_batch_job_status,
)

IMAGE, QUEUE, REGION = os.environ["IMAGE"], os.environ["JOB_QUEUE"], "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/redun"


def submit(name, script, **more):
    command = create_job_override_command(command=["/bin/sh", "-c", script])
    return batch_submit(command, QUEUE, image=IMAGE, job_name=name, memory=0.25, role=ROLE, aws_region=REGION, **more)["jobId"]


def ended(job_id):
    while True:
        (job,) = iter_batch_job_status([job_id], aws_region=REGION)
        if job["status"] in ("SUCCEEDED", "FAILED"):
            return job
        time.sleep(0.2)


first = get_or_create_job_definition("redun-jd", IMAGE, role=ROLE, aws_region=REGION)
again = get_or_create_job_definition("redun-jd", IMAGE, role=ROLE, aws_region=REGION)
assert first["jobDefinitionArn"] == again["jobDefinitionArn"], (first, again)
job = ended(submit("prints", "echo one; echo two", batch_tags={"project": "session"}))
assert job["status"] == "SUCCEEDED", job
lines = list(iter_batch_job_log_lines(job["jobId"], aws_region=REGION))
assert [line.split("  ", 1)[1] for line in lines] == ["one", "two"], lines
failed = ended(submit("fails", "echo reason; exit 4"))
assert failed["container"]["exitCode"] == 4, failed
array = submit("array", "echo index $AWS_BATCH_JOB_ARRAY_INDEX", array_size=3)
assert ended(array)["status"] == "SUCCEEDED"
children = list(aws_describe_jobs([f"{array}:{index}" for index in range(3)], aws_region=REGION))
said = [list(iter_batch_job_log_lines(child["jobId"], aws_region=REGION))[0].split("  ", 1)[1] for child in children]
assert sorted(said) == ["index 0", "index 1", "index 2"], said
