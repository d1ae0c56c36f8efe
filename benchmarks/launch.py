"""A script that runs one program and prints its wall and CPU time and its peak memory, as JSON.

It is a program of its own, and imports next to nothing, because Linux counts what a process was before it became
another program towards its peak memory.
"""

import json
import os
import sys
import time


def launch(program: list[str]) -> dict[str, float]:
    """Run a program, and discard its output.

    Returns
    -------
    dict
        `wall` and `cpu` in seconds, the latter of the program and of the processes that it started and waited for;
        `peak` resident memory in MiB; exit `code`.
    """
    silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    began = time.perf_counter()
    process = os.posix_spawn(program[0], program, os.environ, file_actions=silence)
    _, status, usage = os.wait4(process, 0)
    return {
        "wall": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }


if __name__ == "__main__":
    print(json.dumps(launch(sys.argv[1:])))
