"""Say it: one view per run, in the words people read first, rendered for each destination."""
