"""What can learn: one protocol, three learners. torch and transformers are imported here and nowhere else."""
