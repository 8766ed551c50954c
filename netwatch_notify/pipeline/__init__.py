"""The path of one run: `run.py` reads top to bottom; the other files are its helpers."""
