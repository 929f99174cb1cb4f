"""Training a network on another one's outputs, without labels: losses, objective, training loop. Several steps use it."""
