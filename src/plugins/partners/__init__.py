"""Exchanges that CME Globex hosts, or has hosted: what differs from CME, one a module."""
