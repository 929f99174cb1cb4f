"""Looking at models and recipes: redundancy and predictions, measured sensitivity, what each stage of a recipe does."""
