"""Runs on MicroPython: a bare microdot that answers every request with the bytes of a file. `web.py` starts it."""

import sys

from microdot import Microdot, Response

port, path = int(sys.argv[1]), sys.argv[2]
with open(path, "rb") as file:
    body = file.read()
app = Microdot()


@app.get("/api/v1/status")
async def status(_request):
    return Response(body, 200, {"Content-Type": "application/json"})


app.run("127.0.0.1", port)
