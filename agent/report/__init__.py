"""The report: the facts, the verdicts and what they rest on, in the contract's shape."""
