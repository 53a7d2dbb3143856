#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the tests against drivers and stacks of others share. Each begins with: . "$(dirname "$0")/lib.sh"
#   NAME.sh [lt|at|rtl] [ROWS]      ROWS: a regular expression for the rows to run (all)
#   RINGSIDE_PROGRAM            the program (build/release's)
#   RINGSIDE_BACKEND=dpdk       DPDK's own vhost back end in place of the card: a cell that is green with it
#                               and red without it is the card's fault
#   RINGSIDE_CELLS              folder that gets the cells as NAME-COLUMN.cells, for matrix.py
#   RINGSIDE_FULL=1             rows that take long, too
#   RINGSIDE_KEEP=1             keep the folder with logs and results
# Prints, for every row that ran, "row: ROW | WHAT IS CHECKED" and "cell: ROW | COLUMN | ok|fail|skipped |
# DETAIL". Exit status 0 if no cell failed, 77 if all were skipped, 1 otherwise.
#
# A script may define a function `prepare` before that line, for what it needs from the network outside.
# It runs in namespaces of its own for processes and networks, as a plain user too: whatever way it ends, the
# kernel ends its processes and takes its TAPs, bridges and addresses away.
# shellcheck disable=SC2034
set -eu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${RINGSIDE_PROGRAM:-$root/build/release/testbench/cli/ringside}
backend=${RINGSIDE_BACKEND:-serve}
suite=$(basename "$0" .sh)

skip() {
  echo "skipped: $*"
  exit 77
}
fail() {
  detail "$*"
  echo "FAILED: $*" >&2
  exit 1
}
# What a cell has to say beside ok: figures.
detail() { echo "$*" >detail; }

usage() {
  echo "usage: $0 [lt|at|rtl] [ROWS]" >&2
  exit 2
}
model=lt
case ${1:-lt} in
  lt | at | rtl)
    model=${1:-lt}
    [ $# -eq 0 ] || shift
    ;;
esac
[ $# -le 1 ] || usage
rows=${1:-.}
column=$model
case $backend in
  serve) ;;
  dpdk) column=dpdk ;;
  *)
    echo "$0: RINGSIDE_BACKEND=$backend is not known; expected serve or dpdk" >&2
    exit 2
    ;;
esac

# Nothing of an earlier run stays there if this one is skipped.
cells_file=/dev/null
if [ -n "${RINGSIDE_CELLS:-}" ] && [ "$rows" = . ]; then
  mkdir -p "$RINGSIDE_CELLS"
  cells_file=$(cd "$RINGSIDE_CELLS" && pwd)/$suite-$column.cells
  : >"$cells_file"
fi

need() { # COMMAND...
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || skip "$command is not installed"
  done
}
need_back_end() {
  if [ "$backend" = dpdk ]; then
    need dpdk-testpmd stdbuf
    return
  fi
  [ -x "$program" ] || {
    echo "FAILED: no program $program: build it, or name it in RINGSIDE_PROGRAM" >&2
    exit 1
  }
}
# need_pairs NUMBER
need_pairs() {
  [ "$model" != rtl ] || [ "$backend" = dpdk ] || [ "$1" -le 1 ] || skip "the card in RTL has one queue pair"
}
need_tap() {
  need ip
  [ -w /dev/net/tun ] || skip "/dev/net/tun is not there"
  ip tuntap add dev probe mode tap 2>/dev/null || skip "a TAP cannot be made"
  ip link delete probe
}

# ---- Namespaces. Outside: make them and wait; inside: go on below.

if [ -z "${RINGSIDE_INSIDE:-}" ]; then
  need unshare setpriv timeout
  namespaces=(--net --pid --fork --kill-child --mount-proc)
  [ "$(id -u)" -eq 0 ] || namespaces=(--user --map-root-user "${namespaces[@]}")
  unshare "${namespaces[@]}" true 2>/dev/null || skip "no permission for namespaces of processes and networks"
  [ "$(type -t prepare)" != function ] || prepare
  outside_work=$(mktemp -d)
  outside_end() {
    if [ -n "${RINGSIDE_KEEP:-}" ]; then
      echo "kept: $outside_work"
    else
      rm -rf "$outside_work"
    fi
  }
  trap outside_end EXIT
  RINGSIDE_INSIDE=$outside_work setpriv --pdeathsig KILL unshare "${namespaces[@]}" \
    "$0" "$model" "$rows" </dev/null &
  inside=$!
  # With it the first process in its namespace of processes ends, and with that one all others.
  trap 'kill -KILL $inside; exit 130' INT TERM HUP
  status=0
  wait $inside || status=$?
  exit $status
fi

work=$RINGSIDE_INSIDE
export RUNTIME_DIRECTORY=$work # where DPDK keeps its files
cd "$work"
! command -v ip >/dev/null 2>&1 || ip link set lo up
run_count=0
cells_ok=0
cells_failed=0
cells_skipped=0

# ---- Cells

# cell SECONDS ROW CHECKS FUNCTION ARGUMENTS...: runs a function as a cell of the matrix, in an empty folder
# and a process group of its own that is killed at the end. A row's name is "driver: scenario".
cell() {
  local seconds=$1 only=("$2 | $3")
  shift 3
  run_cells "$seconds" only "$@"
}

# run_cells SECONDS ARRAY FUNCTION ARGUMENTS...: several cells in one run of a function that calls `passed`
# after each but the last. ARRAY names an array of "ROW | CHECKS".
run_cells() {
  local seconds=$1 status=0 process timer ended started=$SECONDS row wanted=no number reached
  local -n cells=$2
  shift 2
  for row in "${cells[@]}"; do
    [[ ! ${row%% | *} =~ $rows ]] || wanted=yes
  done
  [ $wanted = yes ] || return 0
  run_count=$((run_count + 1))
  local folder=$work/$run_count
  mkdir "$folder"
  set -m # a process group of its own
  (
    set +m
    cd "$folder"
    : >passed
    trap end_cell EXIT
    set -eu
    "$@"
  ) >"$folder/cell.log" 2>&1 &
  process=$!
  sleep "$seconds" &
  timer=$!
  set +m
  wait -n -p ended "$process" "$timer" || status=$?
  if [ "$ended" != "$process" ]; then
    status=124
    echo "not done after $seconds s" >"$folder/detail"
  fi
  kill -KILL -- "-$process" "-$timer" 2>/dev/null || true
  wait "$process" "$timer" 2>/dev/null || true
  remove_links

  reached=$(wc -l <"$folder/passed")
  for ((number = 0; number < ${#cells[@]}; ++number)); do
    row=${cells[number]}
    if [ $number -lt "$reached" ]; then
      report "$row" 0 "$(sed -n $((number + 1))p "$folder/passed")"
    elif [ $number -eq $((${#cells[@]} - 1)) ] && [ $status -eq 0 ]; then
      report "$row" 0 "$(cat "$folder/detail" 2>/dev/null)"
    elif [ $status -eq 77 ]; then
      report "$row" 77 "$(sed -n 's/^skipped: //p' "$folder/cell.log" | tail -n 1)"
    elif [ $number -eq "$reached" ]; then
      report "$row" 1 "$(cat "$folder/detail" 2>/dev/null || echo "exit status $status")"
    else
      report "$row" 1 "not reached"
    fi
  done
  echo "($((SECONDS - started)) s)"
  [ $status -eq 0 ] || [ $status -eq 77 ] || show_logs "$folder" >&2
}
# passed DETAIL: the cell under way is ok, the next begins.
passed() {
  echo "$*" >>passed
  rm -f detail
}

report() { # ROW-AND-CHECKS STATUS DETAIL
  local result
  case $2 in
    0) result=ok cells_ok=$((cells_ok + 1)) ;;
    77) result=skipped cells_skipped=$((cells_skipped + 1)) ;;
    *) result=fail cells_failed=$((cells_failed + 1)) ;;
  esac
  {
    echo "row: $1"
    echo "cell: ${1%% | *} | $column | $result | $3"
  } | tee -a "$cells_file"
}

# Nothing of a cell's network stays for the next: all interfaces here are this script's.
remove_links() {
  local link
  command -v ip >/dev/null 2>&1 || return 0
  for link in $(ip -o link show | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'); do
    [ "$link" = lo ] || ip link delete "$link" 2>/dev/null || true
  done
}

show_logs() { # FOLDER
  local log
  for log in "$1"/*.log; do
    [ -s "$log" ] || continue
    echo "---- $(basename "$log")"
    # Consoles end lines with a carriage return.
    tail -n 40 "$log" | tr -d '\r' | cut -c 1-300
  done
  echo "----"
}

finish() {
  if [ "$run_count" -eq 0 ]; then
    echo "no row matches '$rows'" >&2
    exit 2
  fi
  echo "$suite, $column: $cells_ok of $((cells_ok + cells_failed)) cells are ok, $cells_skipped skipped"
  [ "$cells_failed" -eq 0 ] || exit 1
  [ "$cells_ok" -gt 0 ] || exit 77
  exit 0
}

# ---- What cells compare

same() { # NUMBER NUMBER WHAT
  [ "$1" = "$2" ] || fail "$3: $1, not $2"
}
at_least() { # NUMBER NUMBER WHAT
  [ "$1" -ge "$2" ] || fail "$3: only $1"
}

# ---- Processes within a cell

declare -A pid_of=() pipe_of=()

# start NAME COMMAND...: in the background, with the output in NAME.log and input from a pipe (see say).
start() {
  local name=$1 descriptor
  shift
  rm -f "$name.in"
  mkfifo "$name.in"
  (
    # A pipe ends when its last writer closes it.
    for descriptor in "${pipe_of[@]}"; do exec {descriptor}>&-; done
    trap - EXIT
    exec "$@" >"$name.log" 2>&1 <"$name.in"
  ) &
  pid_of[$name]=$!
  exec {descriptor}>"$name.in"
  pipe_of[$name]=$descriptor
}

alive() { kill -0 "${pid_of[$1]}" 2>/dev/null && [ "$(process_state "${pid_of[$1]}")" != Z ]; }
process_state() { sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null || echo Z; }

# stop NAME [SIGNAL [SECONDS]]: sends the signal (INT) and waits; sets `stopped` to the exit status.
stop() {
  local name=$1 signal=${2:-INT} seconds=${3:-10}
  kill "-$signal" "${pid_of[$name]}" 2>/dev/null || true
  join "$name" "$seconds"
}

# join NAME [SECONDS]: waits for the end of a process that has a reason to end; sets `stopped`.
join() {
  local name=$1 seconds=${2:-10} descriptor=${pipe_of[$1]}
  wait_for "$seconds" "$name ends" process_ended "$name"
  stopped=0
  wait "${pid_of[$name]}" 2>/dev/null || stopped=$?
  exec {descriptor}>&-
  unset "pid_of[$name]" "pipe_of[$name]"
}
process_ended() { ! alive "$1"; }

# say NAME TEXT: one line of input for a process. try_say: no failure if it has ended.
say() { try_say "$1" "$2" || fail "$1 ended: $(tail -n 1 "$1.log")"; }
try_say() { (
  trap '' PIPE
  echo "$2" >&"${pipe_of[$1]}"
) 2>/dev/null; }

# ask NAME TEXT PATTERN [SECONDS]: says it and waits until the output after that matches, as one text; sets
# `answer` to it.
ask() {
  local name=$1 text=$2 pattern=$3 seconds=${4:-10}
  answer_from=$(stat -c %s "$name.log")
  say "$name" "$text"
  wait_for "$seconds" "'$pattern' from $name after '$text'" answered "$name" "$pattern"
}
answered() {
  answer=$(tail -c "+$((answer_from + 1))" "$1.log" | tr -d '\r\0')
  [[ $answer =~ $2 ]] && return
  alive "$1" || fail "$1 ended: $(tail -n 1 "$1.log")"
  false
}

# wait_for SECONDS WHAT COMMAND...: polls the command; fails with WHAT if it is not true in time.
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  while ! "$@"; do
    [ $SECONDS -le $end ] || {
      what_they_do
      fail "waited in vain: $what"
    }
    sleep 0.05
  done
}
# What each thread of each process is at: running, or asleep in which call of the kernel.
what_they_do() {
  local name task
  for name in "${!pid_of[@]}"; do
    for task in "/proc/${pid_of[$name]}"/task/*; do
      echo "$name: $(cat "$task/comm"), $(sed -n 's/^State:\t//p' "$task/status"), $(cat "$task/wchan"), CPU $(awk '{ print $14 + $15 }' "$task/stat") ticks"
    done
  done 2>/dev/null || true
}
log_has() { # NAME PATTERN
  grep -Eq -- "$2" "$1.log"
}

end_cell() {
  local name
  for name in "${!pid_of[@]}"; do kill -KILL "${pid_of[$name]}" 2>/dev/null || true; done
}

# ---- The back end: ringside serve, or DPDK's

# socket N: the path of the back end's Nth socket (0, 1). Paths of sockets are at most 107 bytes long.
socket() { echo "$PWD/back$1.sock"; }

# listening PATH: whether a process listens there (__SO_ACCEPTCON).
listening() { awk -v path="$1" '$NF == path && $4 == "00010000" { found = 1 } END { exit !found }' /proc/net/unix; }

# back_end SOCKETS PAIRS [--tap NAME|--pcap FILE|--loopback]: starts it as process `back`, with results in
# the folder out; ready when it returns. With several sockets their cards are linked.
back_end() {
  local sockets=$1 pairs=$2 number
  shift 2
  rm -rf out
  if [ "$backend" = dpdk ]; then
    dpdk_back_end "$sockets" "$pairs" "$@"
  else
    local options=()
    for ((number = 0; number < sockets; ++number)); do options+=(--vhost-user "$(socket $number)"); done
    # LeakSanitizer does not know the stacks of SystemC's threads, and crashes on them.
    ASAN_OPTIONS=detect_leaks=0 start back "$program" serve --model "$model" "${options[@]}" \
      --queues "$pairs" --out out "$@"
  fi
  for ((number = 0; number < sockets; ++number)); do
    wait_for 60 "the back end listens" back_ready "$(socket $number)"
  done
}
back_ready() {
  alive back || fail "the back end ended: $(tail -n 1 back.log)"
  listening "$1"
}

# back_at_rest: waits until the back end has nothing to do, however slow it is: it sleeps then, and takes no
# processor time. DPDK's never sleeps.
back_at_rest() {
  if [ "$backend" = dpdk ]; then
    sleep 0.3
    return
  fi
  local now before="" times=0 end=$((SECONDS + 60))
  while [ $times -lt 5 ]; do
    [ $SECONDS -le $end ] || fail "the back end does not come to rest"
    sleep 0.05
    # State, and time on a processor in ns.
    now="$(process_state "${pid_of[back]}") $(cut -d ' ' -f 1 "/proc/${pid_of[back]}/schedstat")"
    if [[ $now == "S "* ]] && [ "$now" = "$before" ]; then times=$((times + 1)); else times=0; fi
    before=$now
  done
}

# back_stop: ends the back end in good order; its counters can be asked for then.
back_stop() {
  if [ "$backend" = dpdk ]; then
    prompt back stop
    prompt back "show port stats all"
    say back quit
    join back 60
    return
  fi
  stop back INT 60
  [ "$stopped" -eq 0 ] || fail "the back end ended with status $stopped: $(tail -n 1 back.log)"
  [ -s out/summary.json ] || fail "the back end left no out/summary.json"
}

# back_count CARD COUNTER: a counter of a card after back_stop: tx_frames, rx_frames and others, as the card
# names them. DPDK's has those two only: what the driver sends is what its port receives.
back_count() {
  if [ "$backend" = dpdk ]; then
    local field=RX-packets
    [ "$2" = tx_frames ] || field=TX-packets
    port_count back "$1" $field
  else
    python3 -c 'import json, sys; print(json.load(open("out/summary.json"))["nics"][int(sys.argv[1])]["counters"][sys.argv[2]])' \
      "$1" "$2"
  fi
}

# back_drops CARD: frames that came to a card and did not reach its driver.
back_drops() {
  if [ "$backend" = dpdk ]; then
    # In what it prints when forwarding stops.
    awk -v port="$1" '/Forward statistics for/ { here = $6 == port } /Accumulated/ { here = 0 }
      here && /TX-dropped/ { for (i = 1; i < NF; ++i) if ($i == "TX-dropped:") sum = $(i + 1) }
      END { print sum + 0 }' back.log
  else
    python3 -c 'import json, sys
counters = json.load(open("out/summary.json"))["nics"][int(sys.argv[1])]["counters"]
print(sum(value for name, value in counters.items() if name.startswith("rx_drop_")))' "$1"
  fi
}

# ---- testpmd, as front end and as back end

# The CPU for a testpmd's busy loop: the last one of those that are there, and the first for the back end.
busy_cpu() {
  if [ "$1" = back ]; then
    taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/'
  else
    taskset -pc $$ | sed 's/.*[,: -]//'
  fi
}

# testpmd NAME EAL-OPTIONS -- OPTIONS: starts it with a prompt, without huge pages.
testpmd() {
  local name=$1 eal=() cpu
  shift
  while [ "$1" != -- ]; do
    eal+=("$1")
    shift
  done
  shift
  cpu=$(busy_cpu "$name")
  start "$name" stdbuf -oL dpdk-testpmd --lcores "0@$cpu,1@$cpu" --no-pci --no-telemetry --no-huge -m 256 \
    --file-prefix="$name$run_count" --log-level=lib.eal:error --log-level=lib.vhost.config:error "${eal[@]}" -- -i --disable-link-check \
    --total-num-mbufs=16384 "$@"
  wait_for 90 "$name is ready" testpmd_ready "$name"
}
testpmd_ready() {
  alive "$1" || fail "$1 ended: $(grep -v '^$' "$1.log" | tail -n 1)"
  log_has "$1" '^testpmd> '
}

# prompt NAME COMMAND [SECONDS]: a testpmd's command, done.
prompt() { ask "$1" "$2" 'testpmd> ' "${3:-60}"; }

# port_count NAME PORT FIELD: from the last statistics of a port in a testpmd's log.
port_count() {
  awk -v port="$2" -v field="$3:" '
    /NIC statistics for port/ { here = $6 == port }
    here { for (i = 1; i < NF; ++i) if ($i == field) value = $(i + 1) }
    END { print value }' "$1.log"
}

dpdk_back_end() {
  local sockets=$1 pairs=$2 number vdevs=()
  shift 2
  for ((number = 0; number < sockets; ++number)); do
    rm -f "$(socket "$number")" # it does not replace what a killed one left
    vdevs+=("--vdev=net_vhost$number,iface=$(socket "$number"),queues=$pairs")
  done
  case ${1:-} in
    --pcap) vdevs+=("--vdev=net_pcap0,rx_pcap=$2,tx_pcap=out.pcap") ;;
    --tap) vdevs+=("--vdev=net_tap0,iface=$2") ;;
  esac
  testpmd back "${vdevs[@]}" -- --rxq="$pairs" --txq="$pairs" --nb-cores=1 --forward-mode=io --no-flush-rx
  prompt back start
}
