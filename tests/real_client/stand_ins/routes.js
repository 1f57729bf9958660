export const ROUTES = { AUTH: '/users/auth', CHECKOUT: '/orders/checkout/', BASKET: '/baskets/basket/' };
