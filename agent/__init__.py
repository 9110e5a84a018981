"""Inspects an issued Android phone over ADB and judges it by a written guideline."""

__version__ = "0.1.0"
