#!/bin/sh
# EpilogSlurmctld: one line for each of the platform's jobs that ended; marks of permits that expired long ago go away.
case "$SLURM_JOB_NAME" in jiaozi-*) echo "$(date +%s) $SLURM_JOB_ID $SLURM_JOB_NAME" >> "@FOLDER@/ended" ;; esac
find "@FOLDER@/used" -type f -mtime +@DAYS@ -delete 2>/dev/null
exit 0
