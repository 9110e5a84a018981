"""What is kept and for how long, what is shown to whom, and how a person's data are erased."""
