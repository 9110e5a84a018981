"""The phones: their current state and their history."""
