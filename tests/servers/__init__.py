"""Real servers for the tests, each on a free port in a temporary directory.

A module here defines one fixture named ``<server>_server`` (``redis_server``,
``http_server``) or ``sqlite_database``; the tests that use it are counted in the
summary, and a full run in which a server had no passing test fails.
"""
