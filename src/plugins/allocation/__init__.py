"""Sharing a price level among all its orders at once: Globex's algorithms other than FIFO."""
