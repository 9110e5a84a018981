"""API tokens: a program acts for a person, with no more than its scopes allow."""
