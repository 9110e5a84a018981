"""Signing in at an organisation's own OpenID Connect provider, by django-allauth."""
