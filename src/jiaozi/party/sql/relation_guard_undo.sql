DROP TRIGGER party_relation_whole ON party_relation;
DROP TRIGGER party_relation_kept ON party_relation;
DROP FUNCTION party_relation_refuse();
