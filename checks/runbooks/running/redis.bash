# What a step that is marked `login` has for a Redis: `redis COMMAND…` asks the server of its check,
# logged in as the check is. Without a command its standard input is sent, a command a line. What is
# told is what redis-cli tells a pipe; the exit code is 1 where the server answers with an error.
#
# REDIS_OPTIONS holds the options of redis-cli, a line each. Where there is no redis-cli, bash itself
# asks REDIS_HOST at REDIS_PORT (both empty for what only redis-cli reaches), as REDIS_USER with
# REDISCLI_AUTH, in the database REDIS_DB. REDIS_CHECK is the check's name, empty for no login.
#
# Nothing that the step starts inherits any of it, save redis-cli its password.
unset BASH_ENV
export -n REDIS_OPTIONS REDIS_HOST REDIS_PORT REDIS_USER REDISCLI_AUTH REDIS_DB REDIS_CHECK

redis() {
  local option options=()
  if command -v redis-cli >/dev/null; then
    while IFS= read -r option; do options+=("$option"); done <<<"$REDIS_OPTIONS"
    { [ -z "${REDISCLI_AUTH-}" ] || export REDISCLI_AUTH; redis-cli "${options[@]}" "$@"; } | _redis_told
  elif [ -n "$REDIS_HOST" ]; then
    _redis_by_hand "$@" | _redis_told
  else
    echo "redis-cli is not here (package redis-tools): over TLS and sockets only it asks." >&2
    return 1
  fi
  [ "${PIPESTATUS[*]}" = "0 0" ]
}

_redis_told() {
  awk '
    { sub(/\r$/, ""); print; fflush() }
    NR == 1 && $1 ~ /^(ERR|NOAUTH|WRONGPASS|NOPERM|DENIED|READONLY|MISCONF|OOM|LOADING|BUSY|MASTERDOWN|NOREPLICAS|WRONGTYPE|NOSCRIPT|MOVED|ASK|CLUSTERDOWN)$/ { failed = 1 }
    END { exit failed }'
}

_redis_by_hand() {
  local -x LC_ALL=C
  exec 3<>"/dev/tcp/$REDIS_HOST/$REDIS_PORT" || return 1
  if [ -n "${REDISCLI_AUTH-}" ]; then
    _redis_first AUTH ${REDIS_USER:+"$REDIS_USER"} "$REDISCLI_AUTH" || return 1
  fi
  [ "$REDIS_DB" = 0 ] || _redis_first SELECT "$REDIS_DB" || return 1
  if [ $# -gt 0 ]; then _redis_sent "$@"; else cat; fi >&3
  _redis_sent QUIT >&3
  # A reply is a line, or a size and so many bytes; the last one is of QUIT.
  awk '
    function tell(text) { if (held) print last; last = text; held = 1 }
    left > 0 { left -= length($0) + 1; sub(/\r$/, ""); tell($0); next }
    { sub(/\r$/, "") }
    /^\$-1$/ || /^\*-1$/ { tell(""); next }
    /^\$/ { left = substr($0, 2) + 2; next }
    /^\*/ { next }
    { tell(substr($0, 2)) }
    END { if (held && last != "OK") print last }' <&3
}

_redis_first() {
  local reply
  _redis_sent "$@" >&3
  IFS= read -r reply <&3
  [ "$reply" = $'+OK\r' ] || { echo "${reply#-}"; return 1; }
}

_redis_sent() {
  printf '*%d\r\n' $#
  local word
  for word; do printf '$%d\r\n%s\r\n' "${#word}" "$word"; done
}

if ! _redis_reply=$(redis PING 2>&1); then
  printf '%s\n' "$_redis_reply"
  case $_redis_reply in
    *NOAUTH* | *WRONGPASS* | *NOPERM*)
      if [ -n "$REDIS_CHECK" ]; then
        echo "The step logs in as the check $REDIS_CHECK does: see its username and its password."
      else
        echo "No redis check is concerned here, so there is no password: give the step one with target=."
      fi
      ;;
  esac
  exit 1
fi
unset _redis_reply
