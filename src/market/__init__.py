"""The pure domain: no Trio, no clock, no I/O, no randomness, no counters that outlive a run."""
