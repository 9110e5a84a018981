"""What people add to measurements: exceptions (asked for by one, approved by another) and statements."""
