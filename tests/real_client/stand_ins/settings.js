// A theme's settings. The shop's address is read when a flow begins: each flow loads the client anew.
export const commerceUrl = globalThis.driven.shop;
export const checkout = {};
export const rewrites = [];
export const redis = {};
export const localization = {
  locales: [
    { value: 'en', apiValue: 'en-us' },
    { value: 'tr', apiValue: 'tr-tr' },
  ],
  currencies: [{ code: 'try', label: 'TL' }],
  defaultLocaleValue: 'en',
  localeUrlStrategy: 'hide-default-locale',
  defaultCurrencyCode: 'try',
};
export default { commerceUrl, checkout, rewrites, redis, localization };
