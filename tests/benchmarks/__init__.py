"""What `run.py bench` measures: ratios within one run, never seconds, since machines differ."""
