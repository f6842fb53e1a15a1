"""The contract with plugins, their manager, and the plugins that ship with floorproof."""
