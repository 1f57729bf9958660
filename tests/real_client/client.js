// What the driver uses of the client: the browser's store with its endpoints, and the storefront server's handlers.
export { store } from 'redux/store';
export { api } from '@akinon/next/data/client/api';
import '@akinon/next/data/client/address';
import '@akinon/next/data/client/basket';
import '@akinon/next/data/client/checkout';
import '@akinon/next/data/client/product';
import '@akinon/next/data/client/user';
export * as proxy from '@akinon/next/api/client';
export { default as auth } from '@akinon/next/api/auth';
export { POST as logout } from '@akinon/next/api/logout';
export { withPzDefault } from '@akinon/next/middlewares';
export { NextRequest } from 'next/server';
