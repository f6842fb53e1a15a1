"""Codecs, pure: text and bytes to values and back."""
