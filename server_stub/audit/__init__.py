"""The audit log: who did what, when; append-only, each row chained to the one before it."""
