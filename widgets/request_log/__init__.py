"""The panes of the requests screen: what one request log tells, over the chosen window."""
