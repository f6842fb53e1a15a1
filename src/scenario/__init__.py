"""Scenario files: their schema, their validation, and the assembly of a floor from one."""
