"""The embedded time-series store: columnar blocks and a label index."""
