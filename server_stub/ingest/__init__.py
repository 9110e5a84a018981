"""Taking reports in: unpacking, checking the signature, storing exactly once."""
