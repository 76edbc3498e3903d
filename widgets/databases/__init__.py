"""The panes of the databases screen: everything about one server."""
