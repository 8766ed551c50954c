"""
What a reader's program makes of a message: one file for each format, each with its own parser.

Each returns the faults it finds as lines, with what stands around them; none is a clean message.
"""
