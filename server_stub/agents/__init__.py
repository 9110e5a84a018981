"""The agents: workstations that scan phones, each known by its own key."""
