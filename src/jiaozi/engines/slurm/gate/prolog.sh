#!/bin/sh
# PrologSlurmctld: a permit is spent when its job starts. Always ends well: failing here would only requeue the job.
case "$SLURM_JOB_NAME" in jiaozi-*[!0-9a-f-]*) ;; jiaozi-*) : > "@FOLDER@/used/$SLURM_JOB_NAME" ;; esac
exit 0
