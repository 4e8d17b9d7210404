"""The kitchen: every picture of the pocket edition, drawn from (seed, index) and nothing else."""
