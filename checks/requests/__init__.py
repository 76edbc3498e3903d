"""Request logs and counters: rate, errors and duration of what a service served."""
