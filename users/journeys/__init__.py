"""The journeys of shoppers through the checkout: generators without a socket."""
