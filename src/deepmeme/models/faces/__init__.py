"""Networks that know faces: where they are, and where their parts are."""
