# SPDX-License-Identifier: GPL-2.0
"""A host of files for commands that write or wait: live.c is preloaded and leads every path there."""
import os
import pathlib
import subprocess
import tempfile

import trees
from tap import PROGRAM

HERE = pathlib.Path(__file__).parent
scratch = tempfile.TemporaryDirectory()
shim = scratch.name + "/live.so"
subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-w", "-o", shim, HERE / "live.c", "-ldl"], check=True)


class Live:
    """A host, and rmpoptctl on it."""
    count = 0

    def __init__(self, host=None, **files):
        Live.count += 1
        self.tree = (host or trees.Host()).write(f"{scratch.name}/{Live.count}")
        self.put("sys/kernel/rmpopt/scan", "")
        for name, text in files.items():
            self.put(trees.SYSFS + name.replace("__", "/"), text)

    def path(self, name):
        return self.tree / name

    def put(self, name, text):
        path = self.path(name)
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def start(self, *words, stdout=subprocess.PIPE, **settings):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb", "LD_PRELOAD": shim, "LIVE": str(self.tree)}
        environment.update({f"LIVE_{name.upper()}": str(value) for name, value in settings.items()})
        return subprocess.Popen([PROGRAM, *words], env=environment, stdin=subprocess.DEVNULL, stdout=stdout,
                                stderr=subprocess.PIPE, text=True)

    def run(self, *words, **settings):
        process = self.start(*words, **settings)
        try:
            out, err = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return process.returncode, out, err

    def change(self, **files):
        """A command of the shell that changes files in sysfs."""
        return "; ".join(f"echo '{text}' >'{self.path(trees.SYSFS + name.replace('__', '/'))}'" for name, text in files.items())


def not_loaded():
    """A host that could load the module, of the kernel whose name uname tells."""
    host = trees.not_loaded()
    host.module = False
    live = Live(host)
    live.path("sys/kernel/rmpopt/scan").unlink()
    trees.write_module(live.tree, None, os.uname().release)
    live.put("dev/kmsg", "6,1,1,-;rmpopt: the words of an earlier load")
    return live
