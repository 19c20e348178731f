"""Makes calls of AWS by boto3 or by the AWS CLI: one call on each line of the input, one answer on each of the output."""

import base64
import contextlib
import io
import json
import os
import sys
import tempfile

import boto3
from awscli.clidriver import create_clidriver
from botocore import xform_name
from botocore.exceptions import ClientError

BLOBS = ("Body", "Payload")
CLI_NAMES = {"s3": "s3api"}
clients = {}
# The models of a service are read once for each driver, which takes longer than a call.
driver = create_clidriver()


def by_boto3(service, operation, given):
    client = clients.setdefault(service, boto3.client(service))
    blobs = {name: given[name].encode() for name in BLOBS if name in given}
    try:
        answer = getattr(client, xform_name(operation))(**{**given, **blobs})
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    for name in BLOBS:
        if hasattr(answer.get(name), "read"):
            answer[name] = answer[name].read().decode()
    answer.pop("ResponseMetadata", None)
    return {"answer": answer}


def by_cli(service, operation, given):
    # For SQS this version takes its endpoint from nowhere else.
    command = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"], "--output", "json", "--no-paginate"]
    command += [CLI_NAMES.get(service, service), xform_name(operation, "-")]
    with tempfile.TemporaryDirectory() as folder:
        sent, received = os.path.join(folder, "sent"), os.path.join(folder, "received")
        rest = dict(given)
        if "Body" in rest:
            with open(sent, "w") as file:
                file.write(rest.pop("Body"))
            command += ["--body", sent]
        if operation in ("GetObject", "Invoke"):
            # These two take a file for the answer, and then no JSON for the request.
            for member, value in rest.items():
                command += [f"--{xform_name(member, '-')}", value]
            command.append(received)
        else:
            command += ["--cli-input-json", json.dumps(rest)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = driver.main(command)
        if code != 0:
            # An error occurred (Code) when calling the Name operation: message
            text = err.getvalue().strip()
            _, _, after = text.partition("(")
            name, _, message = after.partition(")")
            return {"error": name or text, "message": message.partition(": ")[2]}
        answer = json.loads(out.getvalue() or "{}")
        if os.path.exists(received):
            with open(received) as file:
                answer["Payload" if operation == "Invoke" else "Body"] = file.read()
        return {"answer": answer}


def printable(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


call = {"boto3": by_boto3, "cli": by_cli}[sys.argv[1]]
for line in sys.stdin:
    asked = json.loads(line)
    answer = call(asked["service"], asked["operation"], asked["input"])
    print(json.dumps(answer, default=printable), file=sys.__stdout__, flush=True)
