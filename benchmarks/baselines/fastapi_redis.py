"""Meters that a publisher would write on FastAPI and Redis. Run as a program with Redis's socket, it prints its port.

`/nothing` is the server alone. `/lua` counts by one atomic script. `/naive` reads, decides, then writes, as tutorials
show: parallel tabs pass the limit.
"""

import asyncio
import socket
import sys
import time

import redis.asyncio as redis
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

LIMIT = 5
MONTH = 2_678_400  # seconds
SCRIPT = """
local n = redis.call('SCARD', KEYS[1])
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return {1, n} end
if n >= tonumber(ARGV[2]) then return {0, n} end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {1, n + 1}
"""

app = FastAPI()
store = redis.Redis(unix_socket_path=sys.argv[1], max_connections=64)
script = store.register_script(SCRIPT)


class View(BaseModel):
    reader: str
    article: str


@app.post("/nothing")
async def nothing(view: View) -> dict[str, object]:
    return {"allowed": True, "remaining": LIMIT}


@app.post("/lua")
async def lua(view: View) -> dict[str, object]:
    allowed, used = await script(keys=[_key(view)], args=[view.article, LIMIT, MONTH])
    return {"allowed": bool(allowed), "remaining": LIMIT - used}


@app.post("/naive")
async def naive(view: View) -> dict[str, object]:
    key = _key(view)
    if await store.sismember(key, view.article):
        return {"allowed": True, "remaining": LIMIT - await store.scard(key)}
    used = await store.scard(key)
    if used >= LIMIT:
        return {"allowed": False, "remaining": 0}
    await store.sadd(key, view.article)
    await store.expire(key, MONTH)
    return {"allowed": True, "remaining": LIMIT - used - 1}


def _key(view: View) -> str:
    return f"meter:{time.strftime('%Y-%m')}:{view.reader}"


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    asyncio.run(server.serve(sockets=[listening]))
