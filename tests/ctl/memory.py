# SPDX-License-Identifier: GPL-2.0
"""valgrind finds no error and no leak in any command."""
import tempfile

import trees
from tap import ctl, done, ok

VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect",
            "--errors-for-leak-kinds=definite,indirect")
COMMANDS = (["check"], ["check", "--json"], ["status"], ["status", "--json"], ["map"], ["map", "--json"], ["why"],
            ["why", "1027"], ["forecast"], ["forecast", "--json"], ["cores", "--json"], ["cores", "0-3", "--raw"], ["status", "--pairs"], ["check", "--quiet"], ["watch"], ["watch", "--json"], ["set"], ["lab", "--dry-run"], ["lab", "--dry-run", "--json"], ["metrics"], ["metrics", "--textfile"])

with tempfile.TemporaryDirectory() as scratch:
    hosts = trees.make_all(scratch)
    for name in ("ready", "not_loaded", "large", "zen4"):
        for words in COMMANDS:
            result = ctl(*words, tree=hosts[name], prefix=VALGRIND)
            ok(result.code != 99 and "==" not in result.err, f"{name}: {' '.join(words)}", result.err)
    for words in (["--help"], ["completion"], ["completion", "zsh"], ["completion", "fish"], ["enable"], ["set", "--unset", "x"], ["--nonsense"], ["check"], ["load", "x=1"], ["set", "duty=0"]):
        result = ctl(*words, prefix=VALGRIND)
        ok(result.code != 99 and "==" not in result.err, " ".join(words), result.err)
done()
