"""The library's page: models and data that are here, how a model reads pictures, and which classes are which."""
