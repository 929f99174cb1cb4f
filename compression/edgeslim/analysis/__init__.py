"""Analysis of models and recipes: redundancy and predictions, measured sensitivity, stage ablation."""
