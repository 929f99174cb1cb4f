"""Rooms: a class that predicts together, as data in a database. State survives restarts.

What an experiment shows, and what was true of it, is the lessons' matter (edgeslim.lessons).
"""
