"""Signing in: where the sign-in library asks the house, and what it says there in both languages."""
