"""Studies as data: the plan, trials, their storage and statistics, and the choice under a budget."""
