"""A network in torch as steps see it: how it is run, its layers, what its outputs mean."""
