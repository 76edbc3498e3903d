"""Our store and rules beside Debian's Prometheus, both scraping the same pages."""
