"""What differs from the inventory, and what of it is told; pure."""
