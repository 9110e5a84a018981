"""Saved views: the fleet page's filters under a name, for oneself or for everybody."""
