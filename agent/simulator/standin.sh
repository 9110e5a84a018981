# Stands in for Android's commands: looks the answer up by the words it was called with, notes the call.
# It runs in the workstation's sh at every command of a scan, so: builtins, and one `cat` for an answer that is long.
# settings.sh brings: fs, rs (ends of a field and of a record), cat, sleep, date, timeout, shell (paths),
# api, clock_offset_s, default_delay, services, commanded (names between spaces).
name=${0##*/}
root=$POSTURE_PHONE must= suffix=
. "$root/settings.sh"
printf "%s$fs" command "$name" "$@" "$rs" >>"$root/log"

# The name of an answer, one word after another, as file_name in agent/capture/folder.py makes it.
add() {
    word=$1
    while :; do
        case $word in *[!A-Za-z0-9._+=-]*) ;; *) break ;; esac
        head=${word%%[!A-Za-z0-9._+=-]*}
        word=${head}_${word#"$head"?}
    done
    key=$key-$word
    while :; do case $key in *--*) key=${key%%--*}-${key#*--} ;; *) break ;; esac; done
    key=${key%-}
}

# Answer and end, if there is an answer under all the words or under fewer of the first ones, but at least
# one after the command. $suffix goes behind them: another user's answer is never taken from the owner's.
# $must stands in its name: a list of some apps is never taken from the list of all.
lookup() {
    key=$1 names=
    shift
    [ $# -gt 0 ] || names=$key$suffix
    for argument; do
        add "$argument"
        names="$key$suffix $names"
    done
    for candidate in $names; do
        case $candidate in *"$must"*) exactly "$candidate" ;; esac
    done
}

exactly() {
    if [ -f "$root/answers/$1" ] || [ -f "$root/behaviour/$1" ]; then give "$1"; fi
}

give() {
    delay=$default_delay code=0 hang= flood=
    [ ! -f "$root/behaviour/$1" ] || . "$root/behaviour/$1"
    [ -z "$delay" ] || $sleep "$delay"
    case $hang in
        service) expire ;;
        forever) exec $sleep 2000000 ;;
    esac
    [ ! -f "$root/errors/$1" ] || $cat "$root/errors/$1" >&2
    if [ -n "$flood" ]; then while $cat "$root/answers/$1"; do :; done; fi
    if [ -f "$root/short/$1" ]; then
        . "$root/short/$1"
        printf %s "$text"
    elif [ -f "$root/answers/$1" ]; then
        [ "$code" != 0 ] || exec $cat "$root/answers/$1"
        $cat "$root/answers/$1"
    fi
    exit "$code"
}

expire() { # a service that does not answer: only dumpsys gives up by itself
    [ "$name" = dumpsys ] || exec $sleep 2000000
    $sleep "$((limit_ms / 1000)).$(printf %03d $((limit_ms % 1000)))"
    shown=${limit_ms}ms
    [ "$api" -ge 28 ] || shown=$((limit_ms / 1000))s
    printf "\n*** SERVICE '%s' DUMP TIMEOUT (%s) EXPIRED ***\n\n" "$service" "$shown"
    exit 0
}

refuse() { # status, text
    printf '%s\n' "$2" >&2
    exit "$1"
}

# The words without `--user N`; its N in $user ("current" is 0), "" when it was not given.
without_user() {
    user= kept=
    while [ $# -gt 0 ]; do
        case $1 in
            --user)
                user=$2
                [ $# = 1 ] || shift
                ;;
            *\'*) refuse 255 "Error: a quote in an argument" ;;
            *) kept="$kept '$1'" ;;
        esac
        shift
    done
    case $user in current | cur) user=0 ;; esac
}

lookup_for_user() {
    suffix=
    case " $* " in
        *' --user '*) ;;
        *) lookup "$@" && return ;;
    esac
    key=$1
    without_user "$@"
    shift
    for argument; do add "$argument"; done
    exactly "$key"
    [ "$user" = 0 ] || suffix=-user-$user
    eval "lookup $kept"
    suffix=
}

dumpsys() {
    limit_ms=10000
    while :; do
        case $1 in
            -t) limit_ms=$(($2 * 1000)) && shift 2 ;;
            -T)
                [ "$api" -ge 28 ] || refuse 255 'usage: dumpsys'
                limit_ms=$2 && shift 2
                ;;
            -l)
                echo 'Currently running services:'
                for each in $services; do echo "  $each"; done
                exit 0
                ;;
            --help) refuse 255 'usage: dumpsys' ;;
            --priority) shift 2 ;;
            --proto) shift ;;
            -*) refuse 255 'usage: dumpsys' ;;
            *) break ;;
        esac
    done
    if [ $# = 0 ]; then
        for each in $services; do
            printf -- '-%.0s' 1 2 3 4 5 6 7 8 9 10 && printf '\nDUMP OF SERVICE %s:\n' "$each"
            [ ! -f "$root/answers/dumpsys-$each" ] || $cat "$root/answers/dumpsys-$each"
        done
        exit 0
    fi
    service=$1
    [ "$1 $2" != "activity activities" ] || resumed
    lookup dumpsys "$@"
    case "$1 $2 $services" in package\ *.*\ *package*) no_package "$2" ;; esac
    refuse 0 "Can't find service: $1"
}

no_package() {
    [ "$api" -ge 33 ] || printf '\nDexopt state:\n  '
    printf 'Unable to find package: %s\n' "$1"
    exit 0
}

getprop() {
    [ $# -gt 0 ] || lookup getprop
    value=$2 wanted=$1
    [ ! -f "$root/tables/getprop" ] || . "$root/tables/getprop"
    printf '%s\n' "$value"
}

settings() {
    without_user "$@"
    eval "set -- $kept"
    table=settings-$2
    case $user in '' | 0) ;; *) [ "$2" = global ] || table=$table-user-$user ;; esac
    case $1 in
        list)
            suffix= && lookup "$table"
            exit 0
            ;;
        get)
            value=null wanted=$3 hang= delay=$default_delay
            [ ! -f "$root/behaviour/$table" ] || . "$root/behaviour/$table"
            [ -z "$delay" ] || $sleep "$delay"
            [ -z "$hang" ] || exec $sleep 2000000
            [ ! -f "$root/tables/$table" ] || . "$root/tables/$table"
            printf '%s\n' "$value"
            ;;
        *) refuse 255 'Invalid command: this phone only simulates reading' ;;
    esac
}

cmd() {
    [ $# -gt 0 ] || refuse 1 'cmd: No service specified; use -l to list all services'
    case $1 in
        -l) dumpsys -l ;;
        package) shift && pm "$@" ;;
        settings) shift && settings "$@" && exit 0 ;;
    esac
    lookup_for_user cmd "$@"
    case $commanded in
        *" $1 "*) ;;
        *) refuse 20 "cmd: Can't find service: $1" ;;
    esac
    [ "$1" != wifi ] || [ "$api" -lt 30 ] || refuse 255 "java.lang.SecurityException: Uid 2000 does not have access \
to $2 wifi command (or such command doesn't exist)"
    echo "Unknown command: $2"
    exit 255
}

pm() {
    for argument; do
        case $argument in -3 | -s | -d | -e) must=$argument ;; esac
    done
    lookup_for_user pm "$@"
    lookup_for_user cmd package "$@"
    refuse 20 "cmd: Can't find service: package"
}

content() {
    lookup content "$@"
    authority=$*
    authority=${authority##*content://}
    refuse 0 "Error while accessing provider:${authority%%[/ ]*}
java.lang.IllegalStateException: Could not find provider: ${authority%%[/ ]*}"
}

service() {
    lookup service "$@"
    [ "$1" = check ] || refuse 10 'service: this phone only simulates check and list'
    case " $services " in
        *" $2 "*) echo "Service $2: found" ;;
        *) echo "Service $2: not found" ;;
    esac
}

id() {
    lookup id "$@"
    uid=2000 user=shell
    [ -z "$POSTURE_ROOT" ] || uid=0 user=root
    case $1 in
        '') echo "uid=$uid($user) gid=$uid($user) groups=$uid($user) context=u:r:${user#root}:s0" ;;
        -u | -g) echo "$uid" ;;
        -un | -gn) echo "$user" ;;
        *) refuse 1 "id: Unknown option $1" ;;
    esac
}

su() {
    case $1 in
        -c) shift && line=$* ;;
        0 | root)
            shift
            [ "$1" != -c ] || shift
            line=$*
            ;;
        '') line= ;;
        *) refuse 1 "su: invalid uid/gid '$1'" ;;
    esac
    export POSTURE_ROOT=1 ANDROID_DATA="$root/root-data" USER=root
    [ -n "$line" ] || exec $shell
    exec $shell -c "$line"
}

date() { # the phone's clock is not the workstation's
    case " $* " in *' -d '* | *' -r '*) exec $date "$@" ;; esac
    exec $date -d "@$(($($date +%s) + clock_offset_s))" "$@"
}

timeout() { # toybox before Android 10 adds 127 to the signal that it sent
    $timeout "$@"
    code=$?
    case $code in 124) code=142 ;; 137) code=136 ;; esac
    exit "$code"
}

# The screen: `stack` holds the names of what Back leads through, $page is in front (see agent/simulator/screens.py).
in_front() {
    [ -d "$root/screen" ] || return 1
    read -r stack <"$root/screen/stack"
    page=${stack##* }
}

go() { printf '%s\n' "$*" >"$root/screen/stack"; }

resumed() {
    in_front || return 0
    read -r label <"$root/screen/resumed"
    read -r front <"$root/screen/$page.front"
    case $label in *:) label="$label " ;; esac
    printf '  Display #0:\n    %sActivityRecord{3b6a07 u0 %s t9}\n' "$label" "$front"
    exit 0
}

uiautomator() {
    in_front || refuse 1 'Killed'
    read -r how <"$root/screen/dump"
    case $how in
        restless) refuse 0 'ERROR: could not get idle state.' ;;
        rootless) refuse 0 'ERROR: null root node returned by UiTestAutomationBridge.' ;;
        endless) while $cat "$root/screen/$page.xml" && echo; do :; done >"$2" ;;
    esac
    $cat "$root/screen/$page.xml" >"$2"
    echo "UI hierchary dumped to: $2"
}

input() {
    in_front || refuse 1 'Killed'
    case $1 in
        tap)
            while read -r left top right bottom what where; do
                [ "$2" -ge "$left" ] && [ "$2" -lt "$right" ] && [ "$3" -ge "$top" ] && [ "$3" -lt "$bottom" ] || continue
                case $what in push) go $stack $where ;; replace) go ${stack% *} $where ;; esac
                return 0
            done <"$root/screen/$page.taps"
            ;;
        swipe)
            read -r down <"$root/screen/$page.down"
            [ -z "$down" ] || go ${stack% *} $down
            ;;
        keyevent)
            case $2 in
                3) go launcher ;;
                4) case $stack in *' '*) go ${stack% *} ;; *) go launcher ;; esac ;;
            esac
            ;;
    esac
}

am() {
    lookup am "$@"
    if in_front && [ "$1" = start ]; then
        case " $* " in *' -p '*) ;; *) refuse 255 'Error: this phone only opens what a launcher opens' ;; esac
        package=${*##* -p }
        read -r front <"$root/screen/former.front"
        read -r shown <"$root/screen/$page.front"
        if [ "${shown%%/*}" = "$package" ]; then
            : # its task is in front, as it was left
        elif [ "${front%%/*}" = "$package" ] && [ "$package" != com.android.launcher3 ]; then
            go former
        elif [ -f "$root/screen/$package.first.front" ]; then
            go $stack $package.first
        else
            refuse 0 'Error: Activity not started, unable to resolve Intent'
        fi
        echo "Starting: Intent { act=android.intent.action.MAIN pkg=$package }"
        exit 0
    fi
    refuse 20 "cmd: Can't find service: activity"
}

case $name in
    uiautomator | input | am) "$name" "$@" ;;
    dumpsys | getprop | settings | cmd | content | service | pm | id | su | date | timeout) "$name" "$@" ;;
    getenforce)
        lookup getenforce
        echo Enforcing
        ;;
    *)
        lookup_for_user "$name" "$@"
        [ ! -x "$root/tools/$name" ] || exec "$root/tools/$name" "$@"
        exactly "$name"
        case $name in
            am) name=activity ;; wm) name=window ;; ime) name=input_method ;;
            dpm) name=device_policy ;; locksettings) name=lock_settings ;;
        esac
        refuse 20 "cmd: Can't find service: $name"
        ;;
esac
