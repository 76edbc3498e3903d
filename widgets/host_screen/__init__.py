"""The panes of the host screen."""
