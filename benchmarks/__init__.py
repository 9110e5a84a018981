"""What must be quick, measured side by side on the same machine. Run: `python -m benchmarks [NAME …]`."""
