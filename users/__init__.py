"""What shoppers do: journeys through the checkout, and the checks on every reply."""
