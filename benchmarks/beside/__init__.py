"""What others take for the same: SkyPilot from its own virtual environment, OR-tools from this one."""
