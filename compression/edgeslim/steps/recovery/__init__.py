"""A network learns what its original, or another one, says of images: what all steps that train without labels share."""
