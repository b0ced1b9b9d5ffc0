"""Round trips of 64 bytes over a Unix socket between two processes. Argument: how many."""

import json
import os
import socket
import sys
import time

count = int(sys.argv[1])
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
if os.fork() == 0:
    ours.close()
    while data := theirs.recv(4096):
        theirs.sendall(data)
    os._exit(0)
theirs.close()
message = b"x" * 64
times = []
for i in range(-500, count):
    start = time.perf_counter_ns()
    ours.sendall(message)
    received = 0
    while received < 64:
        received += len(ours.recv(4096))
    if i >= 0:
        times.append((time.perf_counter_ns() - start) / 1000)
ours.close()
os.wait()
times.sort()
print(json.dumps({"p50_us": times[len(times) // 2], "p99_us": times[int(len(times) * 0.99)]}))
