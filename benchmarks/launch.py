"""A script that runs one program and prints its wall and CPU time and its peak memory, as JSON.

It is a program of its own, and imports next to nothing, because Linux counts what a process was before it became
another program towards its peak memory.
"""

import json
import os
import sys
import time

program = sys.argv[1:]
silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
began = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawn(program[0], program, os.environ, file_actions=silence), 0)
wall = time.perf_counter() - began
figures = {
    "wall": wall,
    "cpu": usage.ru_utime + usage.ru_stime,  # of the program and the processes that it started and waited for
    "peak": usage.ru_maxrss / 1024,
    "code": os.waitstatus_to_exitcode(status),
}
print(json.dumps(figures))
