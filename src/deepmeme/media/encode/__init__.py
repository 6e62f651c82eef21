"""The only writer of moving pictures: protected, to be imported by provenance.seal alone."""
