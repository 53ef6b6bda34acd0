"""The command that the official conformance suite starts: hands on what it is given, and waits until that is done.

Arguments: the port of the test (`test_sign_in_conformance.py`), where the client itself is, and the server's URL.
"""

import json
import os
import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60) as connection:
    told = {
        "url": sys.argv[-1],
        "scenario": os.environ.get("MCP_CONFORMANCE_SCENARIO", ""),
        "context": json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}"),
    }
    connection.sendall(json.dumps(told).encode() + b"\n")
    answer = connection.makefile().readline()
sys.stderr.write(answer)
sys.exit(0 if answer.strip() == "done" else 1)
