"""The demo's AI gateway: an application on MariaDB that logs its requests, and its incident."""
