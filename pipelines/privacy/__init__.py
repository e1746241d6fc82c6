"""What personal data looks like in text. Shared by who takes it out and who checks that no model gives it back."""
