"""Reports handed out: as a person's PDF or certificate, and in the forms that auditors' tools read, of one or many."""
