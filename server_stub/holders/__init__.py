"""Who holds which phone, in which group, and how often a group's phones should be seen."""
