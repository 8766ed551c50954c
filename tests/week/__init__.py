"""A week in which destinations fail in every way, one after the other, beside healthy ones."""
