#!/usr/bin/env bash
# One Kafka broker on this machine (KRaft, no ZooKeeper, no container), for development and tests.
#
#   deploy/kafka/local.sh start | stop | restart | status | kill | wipe
#
# start    starts it unless it runs, waits until it answers, prints its address
# kill     ends it as a power cut would (SIGKILL)
# wipe     stops it and deletes its data
#
# Environment, with defaults:
#   KAFKA_DATA             .taskwire/kafka in the repository
#   KAFKA_PORT             9092, on 127.0.0.1
#   KAFKA_CONTROLLER_PORT  the port after KAFKA_PORT
#   KAFKA_JARS             ~/.cache/taskwire/kafka-4.1.1, filled once by Maven (54 MB)
#   KAFKA_SECOND_PORT      none: another listener, which tells clients to come back to KAFKA_SECOND_ADVERTISED
#   KAFKA_EXTRA            none: a file with more broker settings, which come last and so win
#   KAFKA_CLUSTER_ID       drawn: of 22 letters and digits, the same for all brokers of a cluster; the rest is in KAFKA_EXTRA
#   KAFKA_SCRAM            none: a user to be made with the data, SCRAM-SHA-256=[name=NAME,password=PASSWORD]
#   KAFKA_START_SECONDS    60, how long `start` waits for an answer
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data=${KAFKA_DATA:-$here/../../.taskwire/kafka}
port=${KAFKA_PORT:-9092}
controller_port=${KAFKA_CONTROLLER_PORT:-$((port + 1))}
jars=${KAFKA_JARS:-${XDG_CACHE_HOME:-$HOME/.cache}/taskwire/kafka-4.1.1}
second_port=${KAFKA_SECOND_PORT:-}
second_advertised=${KAFKA_SECOND_ADVERTISED:-127.0.0.1:$second_port}
extra=${KAFKA_EXTRA:-}
cluster_id=${KAFKA_CLUSTER_ID:-}
scram=${KAFKA_SCRAM:-}
start_seconds=${KAFKA_START_SECONDS:-60}
stop_seconds=20

fail() {
  echo "kafka: $*" >&2
  exit 1
}

demand() {
  command -v "$1" >/dev/null || fail "$1 is missing: install $2"
}

fetch_jars() {
  [ -d "$jars" ] && return
  demand mvn 'Maven 3.8 or later (Debian: apt-get install maven), or set KAFKA_JARS to a folder with the jars'
  mkdir -p "$(dirname "$jars")"
  local fresh
  fresh=$(mktemp -d "$jars.XXXXXX")
  echo "kafka: downloading its jars to $jars (once)" >&2
  if ! mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$fresh" >&2; then
    rm -rf "$fresh"
    fail 'the jars could not be downloaded: see what Maven says above'
  fi
  # Another start may have been faster: its jars are as good.
  if [ -d "$jars" ] || ! mv "$fresh" "$jars" 2>/dev/null; then rm -rf "$fresh"; fi
}

write_settings() {
  local listeners=PLAINTEXT://127.0.0.1:$port advertised=PLAINTEXT://127.0.0.1:$port
  if [ -n "$second_port" ]; then
    listeners+=,SECOND://127.0.0.1:$second_port
    advertised+=,SECOND://$second_advertised
  fi
  cat >"$data/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
listeners=$listeners,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=$advertised
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECOND:PLAINTEXT
log.dirs=$data/log
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
END
  [ -z "$extra" ] || cat "$extra" >>"$data/server.properties"
}

pid() {
  local id
  id=$(cat "$data/pid" 2>/dev/null) || return 1
  # The number may be another process's by now.
  case $(ps -o args= -p "$id" 2>/dev/null) in *"-Dtaskwire.data=$data "*) echo "$id" ;; *) return 1 ;; esac
}

# Sends an ApiVersions request; a broker that can't serve yet takes the connection and says nothing.
answers() {
  {
    exec 3<>"/dev/tcp/127.0.0.1/$port" && printf '\0\0\0\012\0\022\0\0\0\0\0\001\377\377' >&3 &&
      IFS= read -r -t 2 -d $'\001' _ <&3
  } 2>/dev/null
  local result=$?
  exec 3>&- || true
  return $result
}

start() {
  if pid >/dev/null; then
    answers || fail "it runs (pid $(pid)) and does not answer on port $port: see $data/broker.log"
    echo "127.0.0.1:$port"
    return
  fi
  demand java 'a Java runtime, 17 or later (Debian: apt-get install openjdk-17-jre-headless)'
  (answers) && fail "something else answers on port $port: set KAFKA_PORT to a free one"
  fetch_jars
  mkdir -p "$data"
  data=$(cd "$data" && pwd)
  write_settings
  local jvm=(-Xmx512m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "-Dtaskwire.data=$data" -cp "$jars/*")
  if [ ! -f "$data/log/meta.properties" ]; then
    local id=${cluster_id:-$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22)}
    java "${jvm[@]}" kafka.tools.StorageTool format -t "$id" -c "$data/server.properties" ${scram:+--add-scram "$scram"} \
      >"$data/broker.log" 2>&1 ||
      fail "the data folder could not be made: see $data/broker.log"
  fi
  nohup java "${jvm[@]}" kafka.Kafka "$data/server.properties" </dev/null >>"$data/broker.log" 2>&1 &
  echo $! >"$data/pid"
  local end=$((SECONDS + start_seconds))
  until (answers); do
    pid >/dev/null || fail "it ended while starting: see $data/broker.log"
    if [ $SECONDS -ge $end ]; then
      kill_broker
      fail "no answer on port $port within $start_seconds s: see $data/broker.log"
    fi
    sleep 0.2
  done
  echo "127.0.0.1:$port"
}

# Waits until the process with this number is gone; false when it is not within the given seconds.
gone() {
  local end=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

kill_broker() {
  local id
  if id=$(pid); then
    kill -9 "$id" 2>/dev/null || true
    gone "$id" "$stop_seconds" || fail "pid $id does not end"
  fi
  rm -f "$data/pid"
}

stop() {
  local id
  if id=$(pid); then
    kill "$id" 2>/dev/null || true
    gone "$id" "$stop_seconds" || kill_broker
  fi
  rm -f "$data/pid"
}

status() {
  if ! pid >/dev/null; then
    echo 'kafka: it does not run'
    return 1
  fi
  (answers) || fail "it runs (pid $(pid)) and does not answer on port $port: see $data/broker.log"
  echo "kafka: it answers on 127.0.0.1:$port (pid $(pid), data in $data)"
}

if [ -d "$data" ]; then data=$(cd "$data" && pwd); fi
case ${1:-} in
  start) start ;;
  stop) stop ;;
  restart) stop && start ;;
  kill) kill_broker ;;
  wipe) stop && rm -rf "$data" ;;
  status) status ;;
  *) fail 'say start, stop, restart, status, kill or wipe' ;;
esac
