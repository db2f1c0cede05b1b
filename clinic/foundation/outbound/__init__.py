"""The guarded way out to the network: addresses that may be called, connections."""
