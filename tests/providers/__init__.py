"""The providers: adapters, and the simulator that they are tried against."""
