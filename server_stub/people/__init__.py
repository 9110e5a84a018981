"""Who works in the collector, and what each role may do."""
