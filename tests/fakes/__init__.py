"""Programs that stand in for what cannot be had, or cannot be made to fail at will."""
