"""The Batch plugin of snakemake: what its executor does with each job, without a workflow."""

import logging
import os
import time
from types import SimpleNamespace

from snakemake_executor_plugin_aws_batch import Executor
from snakemake_executor_plugin_aws_batch.batch_client import BatchClient
from snakemake_executor_plugin_aws_batch.batch_job_builder import BatchJobBuilder

logger = logging.getLogger("session")
client = BatchClient(region_name="us-east-1")
settings = SimpleNamespace(
    job_queue=os.environ["JOB_QUEUE"],
    job_role="arn:aws:iam::000000000000:role/snakemake",
    task_timeout=300,
    tags={"workflow": "session"},
)
executor = SimpleNamespace(batch_client=client, logger=logger)
executor._terminate_job = lambda job: Executor._terminate_job(executor, job)
executor._deregister_job = lambda job: Executor._deregister_job(executor, job)


def run(command):
    job = SimpleNamespace(name="rule", resources={"_cores": 1, "mem_mb": 2048})
    builder = BatchJobBuilder(logger, job, {"SNAKEMAKE": "1"}, os.environ["IMAGE"], settings, command, client)
    submitted = SimpleNamespace(external_jobid=builder.submit()["jobId"], aux={})
    code = None
    while code is None:
        code, message = Executor._get_job_status(executor, submitted)
        time.sleep(0.2)
    Executor.cleanup_job_resources(executor, submitted)
    return code, message, submitted.aux["job_definition_arn"]


code, message, definition = run('test "$SNAKEMAKE" = 1')
assert (code, message) == (0, None), (code, message)
found = client.client.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"]
assert [each["status"] for each in found] == ["INACTIVE"], found
code, message, _ = run("exit 5")
assert code == 5 and message, (code, message)
