"""Looking for runs in which something that must hold does not, and making them small."""
