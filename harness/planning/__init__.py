"""What a shop will carry: the sums that are made from what was measured, and the page that shows them."""
