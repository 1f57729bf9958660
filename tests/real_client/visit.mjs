// One visit: a browser, the client loaded anew, and what a theme's pages let a shopper do.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Browser, STOREFRONT, formOf } from './browser.mjs';
import { Storefront } from './storefront.mjs';
import { Wire } from './wire.mjs';

const here = new AsyncLocalStorage();
const shopFetch = globalThis.fetch;
const NodeRequest = globalThis.Request;

// The client's scripts find the browser of their own visit behind the usual names.
Object.defineProperty(globalThis, 'document', { get: () => here.getStore()?.browser.document });
Object.defineProperty(globalThis, 'window', { get: () => here.getStore()?.browser.window });
Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)' }, configurable: true });
globalThis.localStorage = { getItem: () => null };
globalThis.$ = (form) => form;
globalThis.Request = class extends NodeRequest {
  constructor(input, init) {
    super(typeof input === 'string' && input.startsWith('/') ? STOREFRONT + input : input, init);
  }
};
globalThis.fetch = (input, init) => {
  const { storefront, wire } = here.getStore();
  const url = typeof input === 'string' ? input : input.url ?? String(input);
  return url.startsWith(STOREFRONT) ? storefront.call(input) : wire.send(input, init);
};

const CARD = { card_holder: 'Ada Byron', card_number: '4111111111111111', card_month: '1', card_year: '2035', card_cvv: '000' };
let visits = 0;

export async function visit(bundle, { most, product }, act) {
  const one = new Visit(most, product);
  return here.run(one, async () => {
    visits += 1;
    one.client = await import(`${bundle}?visit=${visits}`);
    one.storefront = new Storefront(one.client, one.browser, one.wire);
    return act(one);
  });
}

class Visit {
  constructor(most, product) {
    this.product = product;
    this.browser = new Browser();
    this.wire = new Wire(shopFetch, most);
    this.errors = [];
  }

  get state() {
    return this.client.store.getState().checkout;
  }

  // -- the client's endpoints, as its hooks call them -------------------------------------------------

  async act(endpoint, argument, options) {
    const { store, api } = this.client;
    const result = await store.dispatch(api.endpoints[endpoint].initiate(argument, options));
    if (result?.error) this.errors.push({ endpoint, error: result.error });
    await this.wire.rest();
    return result?.data;
  }

  // A query stays subscribed, as on a page that shows it: what the client invalidates is fetched again.
  ask(endpoint, argument) {
    return this.act(endpoint, argument, { forceRefetch: true });
  }

  // -- what every flow begins with --------------------------------------------------------------------

  async arrive() {
    await this.storefront.open('/users/auth');
  }

  async signIn(email) {
    this.user = await this.storefront.signIn(email, 'Good1234');
  }

  async fillBasket() {
    await this.ask('getProductByPk', this.product);
    await this.act('addProduct', { product: this.product, quantity: 1, attributes: {} });
    await this.ask('getBasket');
  }

  async openCheckout() {
    await this.storefront.open('/orders/checkout/');
    await this.ask('fetchCheckout');
  }

  async addAddress(person = {}) {
    const country = (await this.ask('getCountries')).results[0].pk;
    const city = (await this.ask('getCities', String(country))).results[0].pk;
    const township = (await this.ask('getTownships', String(city))).results[0].pk;
    const district = (await this.ask('getDistricts', String(township))).results[0]?.pk;
    return this.act('addAddress', {
      title: 'Home',
      first_name: 'Ada',
      last_name: 'Byron',
      phone_number: '05551112233',
      country,
      city,
      township,
      district,
      line: '1 Harbour Street, flat 2',
      postcode: '34710',
      is_corporate: 'false',
      ...person,
    });
  }

  // Signed in, with an address, at rest on the payment: the client makes the selections by itself.
  async reachPayment(email) {
    await this.arrive();
    await this.signIn(email);
    await this.fillBasket();
    await this.openCheckout();
    if (!this.state.addressList.length) await this.addAddress();
    this.atRest = this.wire.log.length;
  }

  async reachPaymentAsGuest(email) {
    await this.arrive();
    await this.fillBasket();
    await this.openCheckout();
    await this.act('guestLogin', { user_email: email, phone_number: '05551112233', sms_allowed: true, kvkk_confirm: true });
    await this.addAddress();
    this.atRest = this.wire.log.length;
  }

  // -- paying -----------------------------------------------------------------------------------------

  async choose(type) {
    const option = this.state.paymentOptions.find((one) => one.payment_type === type);
    if (!option) throw new Error(`${type} is not offered`);
    if (this.state.preOrder?.payment_option?.pk !== option.pk) await this.act('setPaymentOption', option.pk);
  }

  get card() {
    return CARD;
  }

  async payByCard({ threeD = false, card = {} } = {}) {
    const paid = { ...CARD, ...card };
    await this.act('setBinNumber', paid.card_number.slice(0, 6));
    await this.act('completeCreditCardPayment', { ...paid, use_three_d: threeD });
  }

  // Follow a form through a bank's pages until it leads back to the shop, as a browser would.
  async throughBank(html, change = (fields) => fields) {
    for (let pages = 0; pages < 5; pages += 1) {
      const { action, fields } = formOf(html);
      const url = new URL(action, globalThis.driven.shop);
      if (url.searchParams.get('page')) return this.back(url.searchParams.get('page'), change(fields));
      const reply = await this.wire.send(url.href, {
        method: 'POST',
        body: fields.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      html = await reply.text();
    }
    throw new Error('no bank led back');
  }

  // For the one page that the client has no code for: the headers with which it would send a form.
  get formHeaders() {
    const token = this.browser.cookies.get('csrftoken')?.value;
    return {
      'content-type': 'application/x-www-form-urlencoded',
      'x-requested-with': 'XMLHttpRequest',
      cookie: this.browser.cookieHeader,
      ...(token ? { 'x-csrftoken': token } : {}),
    };
  }

  async back(page, fields) {
    const reply = await this.storefront.open(`/orders/checkout/?page=${page}`, { method: 'POST', body: fields.toString() });
    await this.wire.rest();
    return reply;
  }

  // The order that the browser was sent to, as the page of thanks fetches it; null where it was sent elsewhere.
  async order() {
    const token = this.browser.visited.map((url) => /\/orders\/completed\/(\w+)/.exec(url ?? '')?.[1]).findLast(Boolean);
    return token ? (await this.ask('fetchCheckoutResult', token))?.order ?? null : null;
  }

  // The state at rest, in a few words.
  get chosen() {
    const order = this.state.preOrder ?? {};
    return {
      delivery: order.delivery_option?.pk ?? null,
      address: order.shipping_address?.pk ?? null,
      billing: order.billing_address?.pk ?? null,
      shipping: order.shipping_option?.pk ?? null,
      option: order.payment_option?.payment_type ?? null,
      shippingCompleted: this.state.steps.shipping.completed,
      errors: this.state.errors,
    };
  }
}
