-- Written by `jiaozi centre install slurm` because there was no job_submit.lua; add the centre's own rules here.
function slurm_job_submit(job, partitions, uid)
  return jiaozi_submit(job, uid) and slurm.SUCCESS or slurm.ERROR
end

function slurm_job_modify(job, record, partitions, uid)
  return jiaozi_modify(job, record, uid) and slurm.SUCCESS or slurm.ERROR
end

return slurm.SUCCESS
