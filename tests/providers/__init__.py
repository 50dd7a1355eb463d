"""Tests of the providers: the door out, the shared parts, each adapter's table, and the contract that all pass."""
