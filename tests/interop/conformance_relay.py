"""What the conformance suite starts as “the client”: passes the address on to the test process, whose client it is.

Arguments: the port of the test process, then the address that the suite appends. Plain Python, for it is started often.
"""

from __future__ import annotations

import json
import os
import socket
import sys

asked = {"url": sys.argv[-1], "scenario": os.environ.get("MCP_CONFORMANCE_SCENARIO", "")}
asked["context"] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(json.dumps(asked).encode() + b"\n")
    sys.exit(0 if connection.recv(16) == b"done" else 1)
