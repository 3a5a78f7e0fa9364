#!/usr/bin/env bash
# A RabbitMQ node of its own on 127.0.0.1, beside any that the machine runs, for tests and for work without containers.
#
#   local.sh start | stop | restart | kill | status | wipe
#   local.sh ctl COMMAND...      rabbitmqctl against this node, for example: ctl list_queues
#
# RABBITMQ_LOCAL_FOLDER  data, logs and pid         default .taskwire/rabbitmq
# RABBITMQ_LOCAL_PORT    AMQP; +10000 is the management API's, +20000 Erlang's   default 5672
# RABBITMQ_LOCAL_EXTRA   a file with more settings, in the format of rabbitmq.conf; default none
#
# `start` answers once AMQP does and every quorum queue has a leader, and prints the URL; `kill` is SIGKILL, as a crash; `wipe`
# stops it and deletes its data.
set -euo pipefail

folder=${RABBITMQ_LOCAL_FOLDER:-"$(cd "$(dirname "$0")/../.." && pwd)/.taskwire/rabbitmq"}
port=${RABBITMQ_LOCAL_PORT:-5672}
start_seconds=60
stop_seconds=30
# A quorum queue reserves three descriptors: a usual limit of 1,024 is full with 300 queues, and then nobody can connect.
files=65536

fail() {
  echo "rabbitmq: $1" >&2
  exit 1
}

# The server itself: Debian's wrapper in the path changes user and folders.
server() {
  local found=/usr/lib/rabbitmq/bin/rabbitmq-server
  [ -x "$found" ] || found=$(command -v rabbitmq-server) || fail 'not installed: apt-get install rabbitmq-server, or brew install rabbitmq'
  echo "$found"
}

pid() {
  local found
  found=$(cat "$folder/pid" 2>/dev/null) && kill -0 "$found" 2>/dev/null && echo "$found"
}

# The protocol header of AMQP 0-9-1 is answered with connection.start, a method frame (1).
answers() {
  local first
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'AMQP\0\0\11\1' >&3
  IFS= read -r -t 2 -n 1 first <&3 || return 1
  exec 3>&-
  [ "$first" = $'\1' ]
} 2>/dev/null

# After a crash 3.10.8 leaves a queue a follower for ever, though it is the only one of its kind: who publishes to it or consumes
# from it is blocked.
led() {
  ctl eval 'Elect = fun Again(0) -> late; Again(N) ->
      case [element(1, S) || S <- ets:tab2list(ra_state), element(2, S) =/= leader] of
        [] -> led;
        Followers -> [ra:trigger_election({F, node()}) || F <- Followers], timer:sleep(100), Again(N - 1)
      end
    end, Elect(100).' | grep -qx led
}

start() {
  local program limit end used=
  program=$(server)
  if ! pid >/dev/null; then
    if answers; then fail "port $port is in use: set RABBITMQ_LOCAL_PORT"; fi
    [ ! -d "$folder/data" ] || used=yes
    mkdir -p "$folder/home"
    echo '[rabbitmq_management].' >"$folder/plugins"
    {
      echo "listeners.tcp.local = 127.0.0.1:$port"
      # Who consumes and what there is; without rates of what they do.
      echo "management.tcp.ip = 127.0.0.1"
      echo "management.tcp.port = $((port + 10000))"
      echo "management.rates_mode = none"
    } >"$folder/node.conf"
    [ -z "${RABBITMQ_LOCAL_EXTRA:-}" ] || cat "$RABBITMQ_LOCAL_EXTRA" >>"$folder/node.conf"
    limit=$(ulimit -Hn)
    [ "$limit" != unlimited ] && [ "$limit" -lt "$files" ] && files=$limit
    (
      ulimit -Sn "$files"
      export HOME="$folder/home" ERL_EPMD_ADDRESS=127.0.0.1
      export RABBITMQ_NODENAME="taskwire-$port@localhost" RABBITMQ_DIST_PORT=$((port + 20000))
      export RABBITMQ_MNESIA_BASE="$folder/data" RABBITMQ_LOG_BASE="$folder/logs" RABBITMQ_PID_FILE="$folder/pid"
      export RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" RABBITMQ_CONFIG_FILE="$folder/node" RABBITMQ_CONF_ENV_FILE=/dev/null
      export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
      cd "$folder"
      nohup "$program" >"$folder/output" 2>&1 </dev/null &
    )
  fi
  end=$((SECONDS + start_seconds))
  until answers; do
    [ "$SECONDS" -lt "$end" ] || fail "did not answer on port $port within $start_seconds s: see $folder/output"
    sleep 0.2
  done
  [ -z "$used" ] || led || fail "not all quorum queues have a leader: see $folder/logs"
  echo "amqp://guest:guest@127.0.0.1:$port"
}

# ends SIGNAL: sends it, and waits until the process is gone.
ends() {
  local running end
  running=$(pid) || return 0
  kill "-$1" "$running"
  end=$((SECONDS + stop_seconds))
  while kill -0 "$running" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || fail "process $running is still there after $stop_seconds s"
    sleep 0.1
  done
  rm -f "$folder/pid"
}

ctl() {
  local program=/usr/lib/rabbitmq/bin/rabbitmqctl
  [ -x "$program" ] || program=$(command -v rabbitmqctl) || fail 'rabbitmqctl is not installed'
  # The node's cookie is in its own home.
  HOME="$folder/home" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_CONF_ENV_FILE=/dev/null \
    "$program" --node "taskwire-$port@localhost" "$@"
}

case ${1:-} in
  ctl) shift && ctl "$@" ;;
  start) start ;;
  stop) ends TERM ;;
  kill) ends KILL ;;
  restart) ends TERM && start ;;
  wipe) ends TERM && rm -rf "$folder" ;;
  status) if running=$(pid); then echo "running, process $running, port $port"; else echo 'not running'; fi ;;
  *) fail 'use start, stop, restart, kill, status, wipe or ctl' ;;
esac
