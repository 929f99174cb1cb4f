"""Searching: the space of recipes, what to propose next, and which proposals deserve a full measurement."""
