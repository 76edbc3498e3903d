"""What the kinds that watch database servers have in common."""
