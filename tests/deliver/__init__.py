"""Tests of the delivery, against real servers on loopback."""
