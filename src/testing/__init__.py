"""What others test their participants and plugins with; needs the extra ``floorproof[testing]``."""
