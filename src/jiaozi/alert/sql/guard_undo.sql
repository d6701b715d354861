DROP TRIGGER alert_parameters_kept ON alert_parameters;
DROP TRIGGER alert_whole ON alert;
DROP TRIGGER alert_kept ON alert;
DROP FUNCTION alert_refuse();
