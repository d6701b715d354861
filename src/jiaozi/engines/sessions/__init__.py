"""Sessions on an engine: the job that opens one, and how what it wrote is read."""
