"""Runs a program against providers of its own: `long.py DOORBUSTER PROGRAM`; the program's argument is the payment address."""

import json
import pathlib
import subprocess
import sys
import tempfile

DEADLINE_S = 120

with tempfile.TemporaryDirectory() as directory:
    config = pathlib.Path(directory, "providers.json")
    pauses = ["dispute_after_ms", "dispute_decided_ms", "refund_settles_ms", "refund_fails_ms"]
    config.write_text(json.dumps({"store": f"{directory}/providers.db", "desk": dict.fromkeys(pauses, 50)}))
    providers = subprocess.Popen(
        [sys.argv[1], "providers", "--config", str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        address = json.loads(providers.stdout.readline())["payment"]
        finished = subprocess.run([sys.argv[2], f"http://{address}"], timeout=DEADLINE_S, check=False)
    finally:
        providers.stdin.close()
        providers.wait()
sys.exit(finished.returncode)
