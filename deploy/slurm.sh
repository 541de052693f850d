#!/bin/bash
# Trains on a Slurm cluster, and goes on after a time limit, a pre-emption or a lost node.
#   RUN=/shared/runs/l16 sbatch --nodes=4 deploy/slurm.sh --preset flip-l16 --data '/shared/shards/*.tar'
# Options of sbatch stand before the script, those of `flip train` behind it. RUN is a folder that every node sees.
#SBATCH --job-name=flip
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=12
#SBATCH --time=24:00:00
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
# A pre-empted job, or one whose node is lost, goes back into the queue.
#SBATCH --requeue
# The ranks are asked to stop this many seconds before the time limit: long enough for a step and a checkpoint.
#SBATCH --signal=USR1@300

set -uo pipefail

FLIP=${FLIP:-flip}                          # the program
RUN=${RUN:?set RUN to the folder of the run} # made by the first start
MPI=${MPI:-pmix}                            # what srun gives MPI to start with: pmix, or pmi2 (srun --mpi=list)
export FLIP_COLLECTIVE_TIMEOUT=${FLIP_COLLECTIVE_TIMEOUT:-600}

# Each start goes on from the newest whole checkpoint, if there is a run.
if [ -e "$RUN/config.json" ]; then
  arguments=(train --resume "$RUN")
else
  arguments=(train --run "$RUN" "$@")
fi

newest() { find "$RUN/checkpoints" -mindepth 1 -maxdepth 1 2>/dev/null | sort | tail -n 1; }
before=$(newest)

# A rank that dies takes the others with it: they would wait for it until the time-out.
srun --mpi="$MPI" --kill-on-bad-exit=1 "$FLIP" "${arguments[@]}"
code=$?

case $code in
  0) exit 0 ;;
  130 | 143) reason="it was asked to stop" ;;
  *)
    # Anything else goes on only where it got further than the start before: a wrong setting would fail for ever.
    if [ "$(newest)" = "$before" ]; then
      echo "flip ended with $code and no new checkpoint: the job is not put back into the queue." >&2
      exit "$code"
    fi
    reason="it ended with $code"
    ;;
esac

echo "The run goes on from its newest checkpoint: $reason."
scontrol requeue "$SLURM_JOB_ID"
