"""Changes a run while it is on: rate, users, payment mix, SMS share, think times, faults of the embedded shop."""
