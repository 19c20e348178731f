"""Sums numbers: {"numbers": [1, 2, 3]} becomes {"count": 3, "sum": 6}. Without any package, and with nothing of AWS."""

import json
import os
import signal
import sys
import time

# AWS Batch ends the job, or its tenant has cancelled it: try later is the truth for the first and harmless for the second.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))

with open(os.environ["HEADGATE_INPUT"], encoding="utf-8") as file:
    job = json.load(file)

numbers = job["numbers"]
if not all(isinstance(number, (int, float)) for number in numbers):
    print("expected numbers alone", file=sys.stderr)
    sys.exit(64)

with open(os.environ["HEADGATE_PROGRESS"], "a", encoding="utf-8") as progress:
    for done in range(len(numbers)):
        time.sleep(job.get("secondsEach", 0))
        print(json.dumps({"done": done + 1, "total": len(numbers)}), file=progress, flush=True)

with open(os.environ["HEADGATE_RESULT"], "w", encoding="utf-8") as result:
    json.dump({"count": len(numbers), "sum": sum(numbers)}, result)
