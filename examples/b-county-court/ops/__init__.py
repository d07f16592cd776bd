"""The mock stack of the lab."""
