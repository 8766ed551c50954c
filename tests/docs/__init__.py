"""The documents are executed: each block of code in them is run, loaded or compared."""
