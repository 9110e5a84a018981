"""Background work: jobs in the database's own queue (Django's tasks), done by any collector that shares it."""
