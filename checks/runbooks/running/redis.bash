# What a step that is marked `login` has for a Redis: `redis COMMAND…` asks the server of its check,
# logged in as the check is. Without a command its standard input is sent, a command a line. What is
# told is what redis-cli tells a pipe, errors on standard error; the exit code is 1 where the first
# answer is one.
#
# REDIS_OPTIONS holds the options of redis-cli, a line each. Where there is no such client, bash
# itself asks REDIS_HOST at REDIS_PORT (both empty for what only a client reaches), as REDIS_USER with
# REDISCLI_AUTH. REDIS_DB is the database, REDIS_CHECK the check's name, empty for no login.
#
# Nothing that the step starts inherits any of it, save the client its password.
unset BASH_ENV
export -n REDIS_OPTIONS REDIS_HOST REDIS_PORT REDIS_USER REDISCLI_AUTH REDIS_DB REDIS_CHECK

redis() {
  local option client options=()
  if client=$(command -v redis-cli || command -v valkey-cli); then
    while IFS= read -r option; do options+=("$option"); done <<<"$REDIS_OPTIONS"
    _redis_selects "$@" && options+=(-n "$REDIS_DB")
    { _redis_untraced; _redis_with_password "$client" "${options[@]}" "$@"; } | _redis_told
    [ "${PIPESTATUS[0]}${PIPESTATUS[1]}" = 00 ]
  elif [ -n "$REDIS_HOST" ]; then
    _redis_by_hand "$@"
  else
    echo "redis-cli is not here (package redis-tools): over TLS and sockets only it asks." >&2
    return 1
  fi
}

# What a busy server takes alone is of no database, and SELECT it refuses then.
_redis_selects() {
  case ${1-} in PING | SELECT | SCRIPT | FUNCTION) return 1 ;; esac
  [ "$REDIS_DB" != 0 ]
}

# A step may trace itself (set -x): no password is to stand there.
_redis_untraced() { { set +x; } 2>/dev/null; }

_redis_with_password() {
  [ -z "${REDISCLI_AUTH-}" ] || export REDISCLI_AUTH VALKEYCLI_AUTH="$REDISCLI_AUTH"
  "$@"
}

# redis-cli marks errors in no way when it writes into a pipe, save by their first word.
_redis_told() {
  awk '
    { sub(/\r$/, "") }
    NR == 1 && $1 ~ /^(ERR|NOAUTH|WRONGPASS|NOPERM|DENIED|READONLY|MISCONF|OOM|LOADING|BUSY|MASTERDOWN|NOREPLICAS|NOTBUSY|UNKILLABLE|WRONGTYPE|NOSCRIPT|EXECABORT|MOVED|ASK|CLUSTERDOWN)$/ {
      failed = 1; print | "cat >&2"; next
    }
    # Older ones end an error with an empty line.
    failed && NR == 2 && $0 == "" { next }
    { print; fflush() }
    END { exit failed }'
}

_redis_by_hand() (
  _redis_untraced
  export LC_ALL=C
  exec 3<>"/dev/tcp/$REDIS_HOST/$REDIS_PORT" || exit 1
  # One that is full says so unasked and closes, which would be lost with what was sent meanwhile.
  # Each step begins with a PING.
  if [ "${1-}" = PING ] && IFS= read -r -t 0.1 reply <&3 2>/dev/null; then
    echo "${reply#-}" >&2
    exit 1
  fi
  if [ -n "${REDISCLI_AUTH-}" ]; then
    _redis_first AUTH ${REDIS_USER:+"$REDIS_USER"} "$REDISCLI_AUTH" || exit 1
  fi
  ! _redis_selects "$@" || _redis_first SELECT "$REDIS_DB" || exit 1
  # What ends without a line break is a command, too; an empty line is none.
  trap '' PIPE
  { if [ $# -gt 0 ]; then _redis_sent "$@"; else cat; echo; fi; _redis_sent QUIT; } 2>/dev/null >&3 || :
  trap - PIPE
  # A reply is a line, or a size and so many bytes; the last one is of QUIT.
  awk '
    function tell(text) { if (held) print last; last = text; held = 1 }
    function fail(text) { failed = 1; print text | "cat >&2" }
    left > 0 { left -= length($0) + 1; sub(/\r$/, ""); tell($0); next }
    { sub(/\r$/, "") }
    /^\$-1$/ || /^\*-1$/ { tell(""); next }
    /^\$/ { left = substr($0, 2) + 2; next }
    /^\*/ { next }
    /^-/ { fail(substr($0, 2)); next }
    /^[+:]/ { tell(substr($0, 2)); next }
    { fail("this is no Redis: it answers " substr($0, 1, 60)); exit }
    END {
      if (held && last != "OK") print last
      if (!failed && last != "OK") fail("the server has closed the connection")
      exit failed
    }' <&3
)

_redis_first() {
  local reply=
  # Or a connection that is closed meanwhile ends the shell without a word.
  trap '' PIPE
  _redis_sent "$@" 2>/dev/null >&3
  trap - PIPE
  IFS= read -r reply <&3
  [ "$reply" = $'+OK\r' ] || {
    [ -n "$reply" ] || reply="the server has closed the connection"
    echo "${reply#-}" >&2
    return 1
  }
}

_redis_sent() {
  printf '*%d\r\n' $#
  local word
  for word; do printf '$%d\r\n%s\r\n' "${#word}" "$word"; done
}

_redis_code=0
_redis_reply=$(redis PING 2>&1) || _redis_code=1
case $_redis_code$_redis_reply in
  *"without any password configured"* | *"no password is set"*)
    # It wants none, and the check gets along with that.
    unset REDISCLI_AUTH
    ;;
  0*) ;;
  1MISCONF* | 1LOADING* | 1BUSY* | 1MASTERDOWN* | 1NOPERM*)
    # It is in: what ails the server is what the step is for.
    ;;
  *)
    printf '%s\n' "$_redis_reply" >&2
    case $_redis_reply in
      *"max number of clients"*)
        echo "It is full, and lets nobody in: the runbook redis-clients-high shows what runs on its machine." >&2
        ;;
      *NOAUTH* | *WRONGPASS*)
        if [ -n "$REDIS_CHECK" ]; then
          echo "The step logs in as the check $REDIS_CHECK does: see its username and its password."
        else
          echo "No redis check is concerned here, so there is no password: give the step one with target=."
        fi >&2
        ;;
    esac
    exit 1
    ;;
esac
# A client goes on in database 0 where it is refused another: nothing is to be done to that.
[ "$REDIS_DB" = 0 ] || _redis_reply=$(redis SELECT "$REDIS_DB" 2>&1) || case $_redis_reply in
  LOADING* | BUSY* | MASTERDOWN*) ;;
  *)
    printf '%s\n' "$_redis_reply" "So the step does not get to database $REDIS_DB." >&2
    exit 1
    ;;
esac
unset _redis_reply _redis_code
