"""The guideline as the collector shows it: clauses and how the fleet stands on each, policy, a draft's effect."""
