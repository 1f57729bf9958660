"""Who the shoppers are: people, accounts, journey mix, think times."""
