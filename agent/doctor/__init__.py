"""What is wrong on this workstation, and what mends it."""
