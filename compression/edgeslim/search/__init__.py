"""Studies as data: trials on disk, the front, the choice under a budget, ready-made recipe lists."""
