"""floorproof: a proving ground for trading floors."""
