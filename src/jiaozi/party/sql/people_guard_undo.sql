DROP TRIGGER party_membership_kept ON party_membership;
DROP TRIGGER party_membership_whole ON party_membership;
DROP TRIGGER party_token_kept ON party_token;
DROP TRIGGER party_token_whole ON party_token;
DROP FUNCTION party_grant_refuse();
