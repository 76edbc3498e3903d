"""MoAI-Flow as the tests run it: its package, and in guide/ its guide's programs as they are."""
