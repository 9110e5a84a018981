"""Policies that were published here: who asked, who approved, since when they hold, and the phones judged by them."""
