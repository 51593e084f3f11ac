# SPDX-License-Identifier: GPL-2.0
"""Completion offers what fits, in bash, zsh and fish: what --help and set know, and nothing else."""
import json
import os
import pathlib
import pty
import re
import select
import subprocess
import termios

from tap import PROGRAM, ctl, done, equal, ok

built = pathlib.Path(PROGRAM).parent
help_text = ctl("--help").out
commands = re.findall(r"^  (\w+) ", help_text.split("Commands:\n")[1].split("\n\n")[0], re.M)
parameters = [row["name"] for row in json.loads(ctl("set", "--json").out)["set"]]


def options_of(command):
    text = ctl(command, "--help").out.split("Options:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (?:-\w,|   ) (--[\w-]+)", text, re.M)


def columns_of(command):
    text = ctl(command, "--help").out.split("Columns and names in JSON:\n")[1]
    return re.findall(r"^  (\w+)", text.split("\n\n")[0], re.M)


def bash(*words):
    """As bash has them: it takes words apart at "="."""
    apart = [part for word in words for part in ([word] if not word else re.findall(r"=|[^=]+", word))]
    script = f"""source {built}/rmpoptctl.bash
COMP_WORDS=({' '.join(map(repr, apart))}); COMP_CWORD={len(apart) - 1}
_rmpoptctl; printf '%s\\n' "${{COMPREPLY[@]}}" """
    offered = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, check=True, text=True).stdout.split()
    front = words[-1][:words[-1].rfind("=") + 1]
    return [front + word for word in offered]


def fish(*words):
    line = " ".join(words)
    text = subprocess.run(["fish", "--no-config", "-c", f"source {built}/rmpoptctl.fish; complete -C {line!r}"], capture_output=True, check=True, text=True,
                          env={"PATH": f"{built}:{os.environ['PATH']}", "HOME": "/tmp", "LC_ALL": "C.UTF-8"}).stdout
    # It also offers what was typed already.
    return [word for word in (row.split("\t")[0] for row in text.splitlines()) if not word.endswith("=") or word == words[-1] + "="]


class Zsh:
    """A zsh on a terminal; what it completes is written by a widget in lines between marks."""
    SETUP = r"""
autoload -U compinit && compinit -u -D
source BUILT/rmpoptctl.zsh
zstyle ':completion:*' list-grouped false
zstyle ':completion:*' insert-tab false
zstyle ':completion:*' list-separator ''
zmodload zsh/complist
compadd() {
	local -a kept; local oad
	builtin compadd -O kept "$@"
	typeset -g -a offered; offered+=("${kept[@]}")
	builtin compadd "$@"
}
finish() { offered=(); zle complete-word; print -r -- "<<${(j: :)offered}>>"; zle send-break }
zle -N finish
zle -C complete-word complete-word _main_complete
bindkey '^T' finish
print READY
"""

    def __init__(self):
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(self.ours, (60, 200))
        self.process = subprocess.Popen(["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                                        env={"PATH": f"{built}:{os.environ['PATH']}", "HOME": "/tmp", "TERM": "dumb", "LC_ALL": "C.UTF-8", "PS1": ""})
        os.close(theirs)
        pathlib.Path("/tmp/setup.zsh").write_text(self.SETUP.replace("BUILT", str(built)), encoding="ascii")
        self.type("source /tmp/setup.zsh\n")
        self.wait("\nREADY")

    def type(self, text):
        os.write(self.ours, text.encode())

    def wait(self, pattern):
        text = ""
        while not re.search(pattern, text.replace("\r", "")):
            if not select.select([self.ours], [], [], 20)[0]:
                raise TimeoutError(text)
            text += os.read(self.ours, 65536).decode(errors="replace")
        return text

    def __call__(self, *words):
        self.type(" ".join(words) + "\x14")
        return re.search(r"<<(.*?)>>", self.wait("<<.*>>"), re.S)[1].split()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def same(shell, name, words, wanted):
    equal(sorted(shell("rmpoptctl", *words)), sorted(wanted), f"{name}: {' '.join(words)}<TAB>")


def common_tests(shell, name, values):
    """@values makes of a parameter's value what this shell is told."""
    same(shell, name, ["ma"], ["map"])
    same(shell, name, ["en"], ["enable"])
    same(shell, name, ["completion", ""], ["bash", "zsh", "fish"])
    same(shell, name, ["help", "ma"], ["map"])
    same(shell, name, ["set", "isolated=s"], values("isolated", ["skip"]))
    same(shell, name, ["load", "followers="], values("followers", ["tick", "ipi"]))
    same(shell, name, ["set", "auto="], values("auto", ["Y", "N"]))
    same(shell, name, ["set", "slice_us="], values("slice_us", ["50"]))
    same(shell, name, ["set", "--unset", "iso"], ["isolated"])
    for command in commands:
        same(shell, name, [command, "--"], options_of(command))


def bash_tests():
    same(bash, "bash", [""], commands)
    same(bash, "bash", ["--"], ["--help", "--version"])
    same(bash, "bash", ["status", ""], options_of("status"))
    common_tests(bash, "bash", lambda parameter, values: [f"{parameter}={value}" for value in values])
    same(bash, "bash", ["set", "sl"], ["slice_us="])
    same(bash, "bash", ["map", "--color="], ["--color=auto", "--color=always", "--color=never"])
    same(bash, "bash", ["cores", "--output", "wo"], ["worst_slice_ns"])
    same(bash, "bash", ["cores", "--output", "cpu,ro"], ["cpu,role"])
    same(bash, "bash", ["check", "--output", "+ti"], ["+title"])
    same(bash, "bash", ["--sysroot", "map", "co"], ["cores", "completion"])
    same(bash, "bash", ["scan", "--timeout", ""], [])
    same(bash, "bash", ["lab", "/tre"], ["/tree"])
    same(bash, "bash", ["lab", "--compare", "/tree/dkms.c"], ["/tree/dkms.conf"])
    same(bash, "bash", ["lab", "--output", "/tree/dk"], ["/tree/dkms"])
    same(bash, "bash", ["lab", "--steps", "/tree"], [])
    for command in ("set", "load"):
        equal(bash("rmpoptctl", command, ""), [f"{name}=" for name in parameters], f"bash: all parameters of {command}")


def fish_tests():
    same(fish, "fish", [""], commands)
    common_tests(fish, "fish", lambda parameter, values: [f"{parameter}={value}" for value in values])
    equal(sorted(fish("rmpoptctl", "cores", "--output", "wo")), ["worst_slice_ns"], "fish: columns")
    equal(sorted(fish("rmpoptctl", "cores", "--output", "cpu,ro")), ["cpu,role"], "fish: columns in a list")


def zsh_tests():
    zsh = Zsh()
    equal(sorted(zsh("rmpoptctl", "")), sorted(commands), "zsh: commands")
    common_tests(zsh, "zsh", lambda parameter, values: values)
    same(zsh, "zsh", ["map", "--color="], ["auto", "always", "never"])
    same(zsh, "zsh", ["set", "sl"], ["slice_us"])
    same(zsh, "zsh", ["cores", "--output", "wo"], ["worst_slice_ns"])
    zsh.close()


def all_tests():
    """The tables behind them are those of --help."""
    for shell in ("bash", "zsh", "fish"):
        text = (built / f"rmpoptctl.{shell}").read_text()
        equal(text, ctl("completion", shell).out, f"{shell}: what is installed is what completion prints")
        missing = [word for word in (*commands, *parameters, *(c for command in ("status", "why", "cores") for c in columns_of(command)))
                   if not re.search(rf"\b{word}\b", text)]
        equal(missing, [], f"{shell}: all commands, parameters and columns")
    equal(ctl("completion").out, ctl("completion", "bash").out, "completion: for bash by default")
    ok(subprocess.run(["zsh", "-n", built / "rmpoptctl.zsh"], check=False).returncode == 0, "zsh: it can be read")


bash_tests()
fish_tests()
zsh_tests()
all_tests()
done()
