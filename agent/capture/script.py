"""The one shell script that a phone runs for a whole scan.

Every command becomes a job. A few workers take the jobs side by side and write each finished answer to the one
stream at once, framed for `frames.Decoder`. Nothing is written to a file on the phone, so an answer waits in a
shell variable until its worker may print. One byte goes round through a coprocess's pipe: whoever holds it may
print, and its value names the next job. One byte, because two readers cannot tear it apart.

Each job is a process group of its own, with a watchdog beside it: the watchdog kills the whole group when the time
is up, and also when the job's shell has gone away, so that a phone unplugged half way runs nothing on. This needs
no `timeout`, whose exit codes and whose idea of whom to kill differ from Android 8 to 16 (toybox 0.7.4 kills its
child only, and a grandchild would hold the pipe).

Shells: mksh R54 and later (Android 8 to 17) and bash 4 and later work side by side. Any other POSIX shell runs the
same jobs one after the other, under `timeout` where there is one.
Needs from toybox: `cat`, `head -n`, and `base64`, `xxd` or `od`. The limit counts lines of encoded text, of v bytes
each, since toybox 0.7.4 has no `head -c` (it came after, and Android 8.1 has it).

`adbd` starts `/system/bin/sh -c SCRIPT` with SIGPIPE at its default, on a raw PTY for `shell:` and `exec:`, on sockets
for `shell,v2,raw:`, and sends SIGHUP to that shell alone when the stream closes (adb/daemon/shell_service.cpp, API 26
to 36): hence the trap.
"""

import re
from collections.abc import Sequence

from agent.capture.model import Command

# An ADB service string's length is four hex digits at the server, and a phone refuses more than one packet.
LIMIT_BYTES = 32 * 1024

# What may name a job: one byte each, none with a meaning to a shell's `case`.
_NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LAST = "_"  # the token's value when no job is left

# A here-document is a temporary file in mksh and bash; nothing may be written on a phone.
_HERE_DOCUMENT = re.compile(r"<<(?!\s*\d)")

# _g ID SECONDS LIMIT LINE: run one command, keep its frame in R.
#   8: what the command prints, 9: what is known about it. Base64 and hex hold no colon, so wherever `:x3:` lands in
#   them it is found again. `_s` runs it in its own group, and tells the watchdog `_d` its id and its exit code; a
#   stream that closes between the two kills it too. `_u` is both for plain shells. `_w` is a worker, R what it has to
#   print, `_j NAME` a job.
#   The last trap asks more than once, because mksh overlooks a signal that comes just before it begins to wait.
_SCRIPT = r"""exec 2>/dev/null
n=@NONCE k=plain R=
case $KSH_VERSION in *MIRBSD*|*LEGACY*) k=mksh;; esac
[ "${BASH_VERSINFO:-0}" -ge 4 ] && k=bash
if command -v base64 >/dev/null; then e=base64 f=64 v=57
elif command -v xxd >/dev/null; then e='xxd -p' f=16 v=16
else e='od -An -v -tx1' f=16 v=16; fi
t=; command -v timeout >/dev/null && t=timeout
_s() { set -m; h=$!; trap '[ "$!" = "$h" ] || kill -9 -$!; exit 1' HUP
( eval "$1" ) </dev/null >&8 2>&8 3>&- 4>&- 8>&- 9>&- & p=$!
exec 8>&-; echo $p; wait $p; x=$?; kill -9 -$p; echo $x; }
_d() { trap '' HUP INT TERM PIPE; exec 8>&- 3<&- 4>&-; read -r p
if read -r -t $1 x; then echo ":x$x:"; else kill -9 -$p; echo :xT:; fi; }
_u() { ${t:+timeout -s KILL $1} sh -c "$2" </dev/null >&8 2>&8 8>&- 9>&- & p=$!
wait $p; x=$?; kill -9 -$p
case $t$x in timeout124|timeout137|timeout142) x=T;; esac; echo ":x$x:"; }
if [ $k = plain ]; then
_c() { { { _u $1 "$3" 8>&1 >&9; } | $e | head -n $(($2/v+2)); echo ":e0 $?:"; } 9>&1; }
else
_c() { { { { _s "$3" | _d $1 >&9; } 8>&1; } | $e | head -n $(($2/v+2))
echo ":e${PIPESTATUS[1]} ${PIPESTATUS[2]}:"; } 9>&1; }
fi
_g() { b=$EPOCHREALTIME; o=$(_c $2 $3 "$4"); R="$R$n answer $1 $f $b $EPOCHREALTIME
$o
$n end $1
"; }
_j() { case $1 in
JOBS
esac; }
_w() { set +m; trap : PIPE
while IFS= read -r -t 90 -N1 a <&3; do
[ -n "$R" ] && { echo "$R" || a=LAST; }
[ $a = LAST ] && { echo -n LAST >&4; return; }
R= h=${N#*$a}; h=${h%"${h#?}"}
echo -n "${h:-LAST}" >&4
_j $a; done; }
N=NAMES
echo "$n begin $k"
if [ $k = plain ]; then
h=$N; while [ -n "$h" ]; do _j "${h%"${h#?}"}"; echo "$R" || exit; R= h=${h#?}; done
else
set -m
[ $k = mksh ] && eval 'cat |& q=$!; exec 3<&p 4>&p' || eval 'coproc cat; q=$!; exec 3<&${COPROC[0]} 4>&${COPROC[1]}'
l=; trap 'trap "" HUP INT TERM; for h in 1 2 3 4 5; do for i in $l $! $q; do kill -HUP -$i; done; sleep 0.2; done
exit 129' HUP INT TERM
for i in WORKERS; do _w & l="$l $!"; done
echo -n FIRST >&4; for i in $l; do wait $i; done; exec 3<&- 4>&-; kill -9 -$q
fi
echo "$n finish COUNT"
"""


def build(commands: Sequence[Command], nonce: str, workers: int = 8) -> str:
    """Return the script that runs every command once; an answer is named by its command's place in `commands`.

    Errors: ValueError for a script that does not fit into one ADB service, for a here-document, for no command:
    mistakes of who wrote the commands, never of a phone.
    """
    if not commands:
        raise ValueError("a scan needs at least one command")
    for command in commands:
        if _HERE_DOCUMENT.search(command.line) or "\0" in command.line:
            raise ValueError(f"`{command.key}`: a here-document would write a file on the phone")
    jobs = _jobs(commands)
    names = _NAMES[: len(jobs)]
    filling = {
        "NONCE": nonce,
        "JOBS": "\n".join(f"{name}) {job};;" for name, job in zip(names, jobs, strict=True)),
        "LAST": _LAST,
        "NAMES": names,
        "FIRST": names[0],
        "WORKERS": " ".join("1" * min(workers, len(jobs))),
        "COUNT": str(len(commands)),
    }
    script = re.sub("|".join(filling), lambda gap: filling[gap[0]], _SCRIPT)
    if (size := len(script.encode())) > LIMIT_BYTES:
        raise ValueError(f"the script has {size} bytes, more than the {LIMIT_BYTES} of one ADB service")
    return script


def _jobs(commands: Sequence[Command]) -> list[str]:
    """One shell text a job, dearest first, so that the last ones to start are short.

    With more commands than names, the cheapest share a job and run in it one after the other.
    """
    dear_first = sorted(enumerate(commands), key=lambda numbered: _cost(numbered[1]), reverse=True)
    jobs: list[list[str]] = [[] for _ in range(min(len(commands), len(_NAMES)))]
    for place, (index, command) in enumerate(dear_first):
        # Beyond the names, count back from the cheapest job.
        slot = place if place < len(jobs) else -1 - (place - len(jobs)) % len(jobs)
        jobs[slot].append(f"_g {index} {command.timeout_s} {command.limit_bytes} {_quoted(command.line)}")
    return ["; ".join(job) for job in jobs]


def _cost(command: Command) -> tuple[bool, int, int, bool]:
    return command.first, command.timeout_s, command.limit_bytes, command.line.startswith("dumpsys")


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"
