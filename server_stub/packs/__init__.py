"""The audit pack: one tagged PDF for a range of days, with the audit chain's proof, and its lists whole as CSV."""
