-- The centre's gate: a job of the platform's account starts only with a permit that the platform signed.
-- It asks nobody: the signature is checked here, so that it holds while the platform is away, and funded work goes on.
-- Written by `jiaozi centre install slurm`; CONFIG below it comes from there.

local function refuse(code, ...)
  slurm.log_user("jiaozi-gate %s: %s", code, string.format(...))
  return false
end

local function given(value, none)
  return value ~= nil and value ~= none and value ~= ""
end

local function number(value)
  if value == nil or value == slurm.NO_VAL or value == slurm.NO_VAL16 or value == slurm.NO_VAL64 then return nil end
  return tonumber(value)
end

local function governed(job, uid)
  if CONFIG.uids[tonumber(uid)] then return true end
  return CONFIG.accounts[job.account or job.default_account or ""] or false
end

local function read(comment)
  local text, signature = string.match(comment or "", "permit=(jz1;[%w%-_.;]+);(%x+)%f[^%x]")
  if text == nil or #signature ~= 128 then return nil end
  local cluster, order, partition, cores, cards, minutes, expiry =
    string.match(text, "^jz1;([%w%-_.]+);(%x+%-%x+%-%x+%-%x+%-%x+);([%w%-_.]+);(%d+);(%d+);(%d+);(%d+)$")
  if order == nil then return nil end
  return {
    text = text, signature = signature, cluster = cluster, order = order, partition = partition,
    cores = tonumber(cores), cards = tonumber(cards), minutes = tonumber(minutes), expiry = tonumber(expiry),
  }
end

local function write(path, bytes)
  local file = io.open(path, "wb")
  if file == nil then return false end
  file:write(bytes)
  file:close()
  return true
end

-- Names come from a pattern without quotes, spaces or slashes, so that nothing of a comment reaches the shell.
local function signed(permit)
  local place = CONFIG.folder .. "/tmp/" .. permit.order
  local bytes = permit.signature:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  if not (write(place .. ".text", permit.text) and write(place .. ".sign", bytes)) then return false end
  local asked = io.popen(string.format(
    "openssl pkeyutl -verify -pubin -inkey '%s' -rawin -in '%s.text' -sigfile '%s.sign' 2>&1",
    CONFIG.key, place, place))
  local said = asked and asked:read("*a") or ""
  if asked then asked:close() end
  os.remove(place .. ".text")
  os.remove(place .. ".sign")
  return string.find(said, "Signature Verified Successfully", 1, true) ~= nil
end

-- Slurm asks the gate before it makes the job, many at a time, and renews its list of jobs only when one has changed in
-- a later second than the list's own. So a job may be missing from the list for a while. What passed is remembered until
-- a list is seen that was made well after.
local SETTLE_S = 10
local seen, passed = nil, {}

local function look()
  if seen == slurm.jobs then return end
  seen = slurm.jobs
  for order, at in pairs(passed) do
    if os.time() > at + SETTLE_S then passed[order] = nil end
  end
end

local function used(permit)
  local mark = io.open(CONFIG.folder .. "/used/jiaozi-" .. permit.order, "r")
  if mark then
    mark:close()
    return true
  end
  for _, other in pairs(slurm.jobs) do
    if other.comment and string.find(other.comment, permit.order, 1, true) then return true end
  end
  return false
end

local function cards_of(job)
  local asked = job.tres_per_node or job.gres
  if not given(asked) then return 0 end
  if string.find(asked, ",", 1, true) then return math.huge end
  return tonumber(string.match(asked, ":(%d+)$") or "1")
end

local function fits(job, permit)
  if given(job.array_inx) then return refuse("NOT_AS_PERMITTED", "an array is more than one job") end
  for _, name in ipairs({ "tres_per_job", "tres_per_socket", "tres_per_task", "cpus_per_tres" }) do
    if given(job[name]) then return refuse("NOT_AS_PERMITTED", "%s is not permitted; use --gres", name) end
  end
  if job.shared == 0 then return refuse("NOT_AS_PERMITTED", "a whole node is not permitted") end
  local nodes = math.max(number(job.min_nodes) or 1, number(job.max_nodes) or 1)
  if nodes > 1 then return refuse("NOT_AS_PERMITTED", "one node is permitted, not %d", nodes) end
  local minutes = number(job.time_limit)
  if minutes == nil or minutes > permit.minutes then
    return refuse("NOT_AS_PERMITTED", "%d minutes are permitted; state --time", permit.minutes)
  end
  local tasks, each = math.max(number(job.num_tasks) or 1, 1), math.max(number(job.cpus_per_task) or 1, 1)
  local cores = math.max(tasks * each, number(job.min_cpus) or 1)
  if cores > permit.cores then
    return refuse("NOT_AS_PERMITTED", "%d cores are permitted, not %d", permit.cores, cores)
  end
  if cards_of(job) > permit.cards then return refuse("NOT_AS_PERMITTED", "%d cards are permitted", permit.cards) end
  if job.partition ~= permit.partition then
    return refuse("NOT_AS_PERMITTED", "partition %s is permitted", permit.partition)
  end
  if job.name ~= "jiaozi-" .. permit.order then
    return refuse("NOT_AS_PERMITTED", "the job's name must be jiaozi-%s", permit.order)
  end
  return true
end

-- True lets the job through.
function jiaozi_submit(job, uid)
  look()
  if not governed(job, uid) then return true end
  local permit = read(job.comment)
  if permit == nil then return refuse("PERMIT_MISSING", "no permit; order through the platform") end
  if permit.cluster ~= CONFIG.cluster then return refuse("PERMIT_FOREIGN", "the permit is for %s", permit.cluster) end
  if permit.expiry <= os.time() then
    return refuse("PERMIT_EXPIRED", "the permit has expired; check both clocks if it was just made")
  end
  if not fits(job, permit) then return false end
  if not signed(permit) then return refuse("PERMIT_FORGED", "the signature is not the platform's") end
  if used(permit) then return refuse("PERMIT_USED", "order %s has its job already", permit.order) end
  if passed[permit.order] then return refuse("PERMIT_BUSY", "order %s was here a moment ago; ask again", permit.order) end
  passed[permit.order] = os.time()
  return true
end

-- What was permitted stays as it is; the centre's administrators may change it.
function jiaozi_modify(job, record, uid)
  if tonumber(uid) == 0 or not string.find(record.comment or "", "permit=jz1;", 1, true) then return true end
  local minutes = number(job.time_limit)
  if minutes and minutes > record.time_limit then return refuse("NOT_AS_PERMITTED", "the time limit can't grow") end
  for _, name in ipairs({ "comment", "name", "partition", "account", "tres_per_node", "array_inx" }) do
    if given(job[name]) then return refuse("NOT_AS_PERMITTED", "%s can't be changed", name) end
  end
  for _, name in ipairs({ "min_cpus", "max_cpus", "num_tasks", "cpus_per_task", "min_nodes", "max_nodes" }) do
    if number(job[name]) then return refuse("NOT_AS_PERMITTED", "%s can't be changed", name) end
  end
  return true
end
