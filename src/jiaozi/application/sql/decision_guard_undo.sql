DROP TRIGGER application_decision_kept ON application_decision;
DROP FUNCTION application_decision_refuse();
