"""luigi: a task that runs, and one whose failure shows what it printed."""

import os

from luigi.contrib.batch import BatchClient, BatchJobException

client = BatchClient(poll_time=0.2)
assert client.get_active_queue() == os.environ["JOB_QUEUE"]
client._client.register_job_definition(
    jobDefinitionName="luigi",
    type="container",
    parameters={"code": "0"},
    containerProperties={
        "image": os.environ["IMAGE"],
        "command": ["/bin/sh", "-c", "echo luigi was here; exit $0", "Ref::code"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}],
    },
)
assert client.wait_on_job(client.submit_job("luigi", {}))
try:
    client.wait_on_job(client.submit_job("luigi", {"code": "3"}))
except BatchJobException as error:
    assert "luigi was here" in str(error), error
else:
    raise AssertionError("a failed job was no exception")
