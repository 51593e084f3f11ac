# SPDX-License-Identifier: GPL-2.0
"""What collects the metrics takes them: promtool's check has no complaint, and node_exporter serves each sample."""
import pathlib
import re
import socket
import subprocess
import tempfile
import urllib.request

import trees
from tap import ctl, done, equal, ok

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def promtool(text):
    """Exit code and complaints."""
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=60)
    return result.returncode, result.stdout + result.stderr


class Exporter:
    """node_exporter, with nothing but its textfile collector."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=scratch.name))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.place = "127.0.0.1:%d" % probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={self.folder}",
             f"--web.listen-address={self.place}"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in self.process.stderr:
            # The last that it says before it serves.
            if "TLS is disabled" in line:
                break

    def lines(self, text):
        """What it makes of a file: its lines about rmpopt, and whether it took the file."""
        (self.folder / "rmpopt.prom").write_text(text)
        with urllib.request.urlopen(f"http://{self.place}/metrics", timeout=30) as answer:
            found = answer.read().decode().splitlines()
        return ([line for line in found if re.match(r"(# \w+ )?rmpopt_", line)],
                [line for line in found if line.startswith("node_textfile_scrape_error ")])

    def end(self):
        self.process.kill()
        self.process.wait()


def numbers(lines):
    """Samples as numbers: 1e+06 is 1000000."""
    return sorted((line.rsplit(" ", 1)[0], float(line.rsplit(" ", 1)[1])) for line in lines if not line.startswith("#"))


def comments(lines):
    return sorted(line for line in lines if line.startswith("#"))


exporter = Exporter()
for name, tree in hosts.items():
    text = ctl("metrics", "--textfile", tree=tree).out
    equal(promtool(text), (0, ""), f"promtool has no complaint: {name}")
    served, error = exporter.lines(text)
    equal(error, ["node_textfile_scrape_error 0"], f"node_exporter takes the file: {name}")
    equal((numbers(served), comments(served)), (numbers(text.splitlines()), comments(text.splitlines())), f"and serves all of it as it is: {name}")
text = ctl("metrics", "--textfile", tree=hosts["ready"]).out
ok(promtool(text.replace("_total", "_count"))[0] != 0, "promtool finds a counter of a wrong name")
equal(exporter.lines(text + "rmpopt_more x\n")[1], ["node_textfile_scrape_error 1"], "node_exporter refuses a sample without a number")
exporter.end()
done()
