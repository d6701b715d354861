"""The face for machines: ``/api/v1``. Each operation parses, makes one call into the house, and shows."""
