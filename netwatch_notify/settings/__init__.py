"""
What a user may set, read from the environment and one env file, checked all at once.

The other stages never see `Settings`; they receive small frozen values made here. This is the
only part that knows pydantic and python-dotenv.
"""
