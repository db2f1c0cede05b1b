"""Pure rules: deliveries read into events, chains, the reducer, effects."""
