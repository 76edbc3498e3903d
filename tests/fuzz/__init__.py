"""Input at random: what nobody wrote, for everything that reads what others write.

``make fuzz`` hunts for some minutes; ``tests/fuzz/test_fuzz.py`` runs a little of it each time.
"""
