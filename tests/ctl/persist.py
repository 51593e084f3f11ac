# SPDX-License-Identifier: GPL-2.0
"""set --persist: what it refuses, whose the file is, who can hold it up."""
import fcntl
import os
import pathlib
import stat

from tap import ctl, done, equal, like, ok

CONF = pathlib.Path("/etc/modprobe.d/rmpopt.conf")
LOCK = pathlib.Path("/run/rmpoptctl.lock")
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
IN_TIME = ("timeout", "10")


def owner(path):
    found = path.stat()
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


def owner_tests():
    for mode, user, group in ((0o600, 0, 0), (0o640, 0, 4), (0o664, 1000, 1001), (0o444, 0, 0)):
        CONF.write_text("# mine\n")
        os.chown(CONF, user, group)
        CONF.chmod(mode)
        equal(ctl("set", "--persist", "duty=3").code, 0, f"mode {mode:o}: written")
        equal((owner(CONF), CONF.read_text()), ((mode, user, group), "# mine\noptions rmpopt duty=3\n"), f"mode {mode:o} and owner stay")
    CONF.unlink()
    equal(ctl("set", "--persist", "duty=3", prefix=("sh", "-c", 'umask 077; exec "$0" "$@"')).code, 0, "a new file")
    equal(owner(CONF), (0o644, 0, 0), "can be read by everybody, whatever the umask")
    CONF.unlink()


def lock_tests():
    """Whoever may open a file may lock it for ever."""
    ctl("set", "--persist", "duty=3")
    equal(owner(LOCK), (0o600, 0, 0), "the lock is root's")
    held = [os.open(path, os.O_RDONLY) for path in (CONF.parent, CONF)]
    for file in held:
        fcntl.flock(file, fcntl.LOCK_EX)
    equal(ctl("set", "--persist", "duty=4", prefix=IN_TIME).code, 0, "what others can lock is not waited for")
    like(CONF.read_text(), "^options rmpopt duty=4$", "and is written")
    for file in held:
        os.close(file)
    result = ctl("set", "--persist", "duty=5", **NOBODY)
    equal((result.code, result.out, result.err), (1, "", "rmpoptctl: /run/rmpoptctl.lock: Permission denied; nothing was changed, run this as root\n"),
          "a user is told")
    LOCK.unlink()
    LOCK.symlink_to("/run/elsewhere")
    result = ctl("set", "--persist", "duty=5")
    equal((result.code, os.path.lexists("/run/elsewhere")), (1, False), "a link is no lock")
    equal(result.err, "rmpoptctl: /run/rmpoptctl.lock: Too many levels of symbolic links; nothing was changed\n", "and is named, not the configuration")
    LOCK.unlink()
    like(CONF.read_text(), "^options rmpopt duty=4$", "and nothing was changed")
    CONF.unlink()


def refused_tests():
    for words, what in ((["duty=3", "duty=4"], "duty=4: duty is given twice"), (["slice_us=20", "duty=3", "slice-us=20"], "slice-us=20: slice_us is given twice")):
        for command in (["set", "--persist"], ["set"], ["load"]):
            result = ctl(*command, *words)
            equal((result.code, result.out, result.err), (2, "", f"rmpoptctl: {what}\n"), f"{' '.join(command)}: {what}")
    for words in (["duty", "duty"], ["slice_us", "duty", "slice-us"]):
        result = ctl("set", "--persist", "--unset", *words)
        equal((result.code, result.out, result.err), (2, "", f"rmpoptctl: {words[-1]}: {words[0]} is given twice\n"), f"set --unset {' '.join(words)}")
    result = ctl("set", "--persist")
    equal((result.code, result.out, result.err), (2, "", "rmpoptctl: --persist requires NAME=VALUE\n"), "set --persist without a value")
    ok(not CONF.exists(), "nothing was written")


def vendor_tests():
    """Of two files of one name modprobe reads that in /etc."""
    for folder in ("/run/modprobe.d", "/usr/lib/modprobe.d"):
        theirs = pathlib.Path(folder, CONF.name)
        theirs.parent.mkdir(exist_ok=True)
        theirs.write_text("# theirs\noptions rmpopt isolated=skip duty=4\n")
        result = ctl("set", "--persist", "--unset", "slice_us")
        equal((result.code, result.err, CONF.exists()), (0, "", False), f"{folder}: nothing to unset, nothing is written")
        result = ctl("set", "--persist", "duty=3")
        equal((result.code, CONF.read_text()), (0, "# theirs\noptions rmpopt isolated=skip\noptions rmpopt duty=3\n"), f"{folder}: what it says stays in force")
        CONF.unlink()
        result = ctl("set", "--persist", "--unset", "duty")
        equal((result.code, CONF.read_text()), (0, "# theirs\noptions rmpopt isolated=skip\n"), f"{folder}: and can be unset")
        CONF.unlink()
        equal(theirs.read_text(), "# theirs\noptions rmpopt isolated=skip duty=4\n", f"{folder}: itself is not changed")
        theirs.unlink()
    equal((ctl("set", "--persist", "--unset", "duty").code, CONF.exists()), (0, False), "no file: nothing to unset, nothing is written")
    CONF.write_text("# mine\noptions rmpopt duty=3\n")
    before = CONF.stat().st_ino
    equal((ctl("set", "--persist", "duty=3").code, CONF.stat().st_ino), (0, before), "what is so already is not written")
    CONF.unlink()


CONF.parent.mkdir(exist_ok=True)
CONF.unlink(missing_ok=True)
for test in (owner_tests, lock_tests, refused_tests, vendor_tests):
    test()
done()
