"""The machine that runs a floor in virtual time.  It knows nothing of markets."""
