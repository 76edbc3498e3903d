"""The embedded stack of real servers that `onwatch demo` watches."""
