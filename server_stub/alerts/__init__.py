"""Alerts: what people are told without looking, where to, and what became of each message."""
