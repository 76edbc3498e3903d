"""Running the steps of runbooks: in a shell on a terminal of their own, in SQL, over HTTP."""
