"""`ingest` and `deliver`, killed at any moment, against three channels that keep what arrived."""
