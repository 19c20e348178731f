"""A job by the client that openapi-python-client makes of docs/openapi.json: submitted, waited for, explained, cancelled.

Arguments: the address of the API, the tenant, and an object with a CSV file. Prints one JSON document.
"""

import json
import sys
import time

from headgate_api import AuthenticatedClient
from headgate_api.api.jobs import cancel_job, explain_job, get_job, get_job_timeline, list_jobs, submit_job
from headgate_api.api.service import get_health
from headgate_api.models import Created, Job, JobPage, Problem, Submission, Timeline, Wait
from headgate_api.models.list_jobs_state import ListJobsState
from headgate_api.models.submission_input import SubmissionInput

FINAL = {"succeeded", "failed", "cancelled", "expired"}
PATIENCE_SECONDS = 60


def story(url: str, tenant: str, csv: str) -> dict:
    # As an operator signs. A laptop reads the service of a signature, and checks no more of it.
    signature = "Credential=operator/20260105/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
    client = AuthenticatedClient(base_url=url, token=signature, prefix="AWS4-HMAC-SHA256")

    def submitted(key: str, **rest):
        body = Submission(job_type="csv.summarise", input_=SubmissionInput.from_dict({"csv": csv}), **rest)
        return submit_job.sync_detailed(client=client, body=body, tenant=tenant, idempotency_key=key)

    first, again = submitted("python-1"), submitted("python-1")
    assert isinstance(first.parsed, Created) and isinstance(again.parsed, Created)
    job = waited_for(client, first.parsed.id)
    why = explain_job.sync(job.id, client=client)
    timeline = get_job_timeline.sync(job.id, client=client)
    page = list_jobs.sync(client=client, tenant=tenant, state=ListJobsState.SUCCEEDED)
    assert isinstance(why, Wait) and isinstance(timeline, Timeline) and isinstance(page, JobPage)

    unwanted = submitted("python-2", delay_seconds=3600).parsed
    assert isinstance(unwanted, Created)
    cancelled = cancel_job.sync(unwanted.id, client=client)
    absent = get_job.sync("job_" + "b" * 26, client=client)
    assert isinstance(cancelled, Job) and isinstance(absent, Problem)
    return {
        "health": get_health.sync(client=client).status,
        "statuses": [int(first.status_code), int(again.status_code)],
        "same": first.parsed.id == again.parsed.id == job.id,
        "state": job.state,
        "rows": job.result.inline["rows"],
        "waitsFor": why.waits_for,
        "kinds": [entry.kind for entry in timeline.items],
        "listed": [each.id == job.id for each in page.items],
        "cancelled": cancelled.state,
        "absent": [absent.status, absent.code],
    }


def waited_for(client: AuthenticatedClient, job_id: str) -> Job:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        job = get_job.sync(job_id, client=client)
        assert isinstance(job, Job)
        if job.state in FINAL or time.monotonic() > until:
            return job
        time.sleep(0.2)


if __name__ == "__main__":
    print(json.dumps(story(*sys.argv[1:4])))
