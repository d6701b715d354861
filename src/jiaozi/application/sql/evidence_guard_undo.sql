DROP TRIGGER evidence_file_kept ON evidence_file;
DROP TRIGGER evidence_kept ON evidence;
DROP FUNCTION evidence_refuse();
