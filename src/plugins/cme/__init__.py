"""Rule sets of CME Globex, one a module."""
