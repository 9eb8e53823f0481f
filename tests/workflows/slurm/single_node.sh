#!/usr/bin/env bash
# A SLURM of one node on this machine: `single_node.sh up` and `single_node.sh down`.
#
# Needs root and Debian's slurm-wlm and munge. The configuration has to be in /etc/slurm, where
# srun inside a job looks for it, whatever SLURM_CONF says outside. A SLURM that was configured
# here before is left alone: `up` refuses. `down` ends what `up` started, by process id, and takes
# away what it wrote. No accounting, no cgroups: it runs in a container too.
set -euo pipefail

config=/etc/slurm/slurm.conf
state=/run/neurosig-slurm
mark="# made by single_node.sh"
key=/etc/munge/munge.key

refuse() { echo "$1" >&2; exit 77; }  # 77: it cannot be done here

up() {
  [ "$(id -u)" = 0 ] || refuse "a SLURM can be started by root only"
  local program
  for program in munged slurmctld slurmd sbatch squeue; do
    command -v "$program" >/dev/null || refuse "$program is not installed: apt-get install slurm-wlm munge"
  done
  ! [ -e "$config" ] || refuse "$config exists: there is a SLURM on this machine already"
  mkdir -p "$state" "$(dirname "$config")"
  mkdir "$state/here" || refuse "$state is in use by another run of this script"
  trap 'code=$?; [ $code = 0 ] || { tail -n 5 "$state"/*.log >&2 || true; down; }' EXIT
  start_munge
  write_config
  slurmctld -D -f "$config" >"$state/slurmctld.log" 2>&1 & echo $! >"$state/slurmctld.pid"
  slurmd -D -f "$config" >"$state/slurmd.log" 2>&1 & echo $! >"$state/slurmd.pid"
  local tries
  for tries in $(seq 100); do
    if sinfo --noheader --format=%T 2>/dev/null | grep -q idle; then echo "idle after $tries looks"; return; fi
    sleep 0.3
  done
  echo "the node did not become idle: $(sinfo 2>&1)" >&2
  exit 1
}

start_munge() {
  [ -e /run/munge/munge.socket.2 ] && munge -n 2>/dev/null | unmunge >/dev/null 2>&1 && return
  mkdir -p /run/munge /etc/munge "$state/munge"
  if ! [ -e "$key" ]; then
    head -c 1024 /dev/urandom >"$key"
    touch "$state/made_munge_key"
  fi
  chown munge:munge /run/munge /etc/munge "$key" "$state/munge"
  chmod 755 /run/munge
  chmod 700 /etc/munge "$state/munge"
  chmod 400 "$key"
  chmod 755 "$state"
  runuser -u munge -- munged --force --foreground --log-file="$state/munge/munged.log" \
    --pid-file="$state/munge/munged.pid" --seed-file="$state/munge/munged.seed" \
    >"$state/munged.log" 2>&1 &
  local tries
  for tries in $(seq 50); do
    munge -n 2>/dev/null | unmunge >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "munged did not start after $tries looks" >&2
  exit 1
}

write_config() {
  local host memory processors  # nproc would give OMP_NUM_THREADS where that is set
  processors="$(getconf _NPROCESSORS_ONLN)"
  host="$(hostname -s)"
  memory="$(awk '/MemTotal/ {print int($2 / 1024 * 0.8)}' /proc/meminfo)"
  mkdir -p "$state/controller" "$state/node"
  cat >"$config" <<END
$mark
ClusterName=neurosig
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
CryptoType=crypto/munge
SlurmctldPidFile=$state/slurmctld.run
SlurmdPidFile=$state/slurmd.run
StateSaveLocation=$state/controller
SlurmdSpoolDir=$state/node
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MinJobAge=600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$processors RealMemory=$memory State=UNKNOWN
PartitionName=local Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
}

down() {
  [ -d "$state/here" ] || { echo "nothing to take down" >&2; return 0; }
  local name
  if command -v scancel >/dev/null; then scancel --user=root --quiet 2>/dev/null || true; fi
  for name in slurmd slurmctld munge/munged; do
    [ -e "$state/$name.pid" ] && end "$(cat "$state/$name.pid")"
  done
  if [ -e "$config" ] && head -n 1 "$config" | grep -qxF "$mark"; then rm -f "$config"; fi
  if [ -e "$state/made_munge_key" ]; then rm -f "$key"; fi
  rm -rf "$state"
}

end() { # a process by its id: asked, and after five seconds made to
  local tries
  kill "$1" 2>/dev/null || return 0
  for tries in $(seq 50); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  echo "process $1 is still there after $tries looks" >&2
  kill -9 "$1" 2>/dev/null || true
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  *) echo "usage: single_node.sh up|down" >&2; exit 2 ;;
esac
