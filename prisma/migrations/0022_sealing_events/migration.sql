-- The sealer records a rotated key and a new epoch in the transaction in which it takes them up.
GRANT INSERT ON "audit_events" TO aos_system;
