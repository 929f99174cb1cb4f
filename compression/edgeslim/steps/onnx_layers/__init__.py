"""Working on a network layer by layer, without labels: which layers have weights, and what goes in and out of each."""
