"""Serves another AWS, `moto` or `ministack`, on a free port of 127.0.0.1 and prints its address.

It ends when its standard input does, so it cannot outlive the test run that started it.
"""

import asyncio
import os
import socket
import sys
import threading


def serve_moto() -> str:
    import moto_gaps
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    moto_gaps.fill(address)
    return address


def serve_ministack() -> str:
    # Read while it is imported.
    os.environ.update(SERVICES="dynamodb,events,sqs", LOG_LEVEL="ERROR")
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    listening = socket.create_server(("127.0.0.1", 0))
    _, port = listening.getsockname()
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.loglevel = "ERROR"

    # Without a trigger of its own it would install signal handlers, which only the main thread may.
    async def never() -> None:
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve(app, config, shutdown_trigger=never)), daemon=True).start()
    return f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    address = {"moto": serve_moto, "ministack": serve_ministack}[sys.argv[1]]()
    print(address, flush=True)
    sys.stdin.read()
    os._exit(0)
