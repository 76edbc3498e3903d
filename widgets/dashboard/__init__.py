"""A dashboard: where its panels stand, how each is drawn, and the widget that shows them all."""
