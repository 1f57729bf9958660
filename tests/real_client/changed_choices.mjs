// Flows in which something is changed, refused, left or done again before the order is made.
export const CHANGED_CHOICES = {
  // Away to the bank, back without paying, and a second payment that is made.
  async card_3d_left(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.payByCard({ threeD: true });
    const sent = visit.browser.visited.length;
    await visit.openCheckout();
    const left = { sentAwayAgain: visit.browser.visited.length > sent };
    await visit.choose('credit_card');
    await visit.payByCard();
    return left;
  },

  async card_3d_refused(visit, { email, refuse }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.payByCard({ threeD: true });
    const { result } = await visit.ask('get3dRedirectForm');
    return visit.throughBank(result, (fields) => {
      Object.entries(refuse).forEach(([name, value]) => fields.set(name, value));
      return fields;
    });
  },

  async card_declined(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.payByCard({ card: { card_number: '4000000000000002' } });
    const { errors } = visit.chosen;
    await visit.payByCard();
    return { declined: errors };
  },

  async redirection_left(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('redirection');
    await visit.act('completeRedirectionPayment');
    await visit.storefront.open(visit.browser.sentTo);
    await visit.openCheckout();
    const left = visit.chosen;
    await visit.act('completeRedirectionPayment');
    const { text } = await visit.storefront.open(visit.browser.sentTo);
    await visit.throughBank(text);
    return left;
  },

  async empty_basket(visit, { email }) {
    await visit.arrive();
    await visit.signIn(email);
    await visit.openCheckout();
    return { sentTo: visit.browser.sentTo };
  },

  // The checkout is open and filled in; the basket is emptied in another window, and the checkout asked again.
  async emptied_basket(visit, { email }) {
    await visit.reachPayment(email);
    const before = visit.wire.log.length;
    await visit.act('clearBasket');
    await visit.openCheckout();
    return { sentTo: visit.browser.sentTo, posts: visit.wire.log.slice(before).filter((one) => one.method === 'POST').length };
  },

  async store(visit, { email }) {
    await visit.reachPayment(email);
    const collected = visit.state.deliveryOptions.find((one) => one.delivery_option_type === 'retail_store');
    const before = visit.wire.log.length;
    await visit.act('setDeliveryOption', collected?.pk);
    const billingAddressPk = visit.state.addressList[0].pk;
    await visit.act('setRetailStore', { retailStorePk: visit.state.retailStores[0]?.pk, billingAddressPk });
    const posts = visit.wire.log.slice(before).filter((one) => one.method === 'POST').length;
    const { chosen } = visit;
    await visit.choose('credit_card');
    await visit.payByCard();
    return { ...chosen, posts };
  },

  // At rest, back to the basket for more, and to the checkout again.
  async again(visit, { email }) {
    await visit.reachPayment(email);
    const before = visit.wire.log.length;
    await visit.act('addProduct', { product: visit.product, quantity: 1, attributes: {} });
    await visit.openCheckout();
    const posts = visit.wire.log.slice(before).filter((one) => one.method === 'POST').length;
    await visit.choose('credit_card');
    await visit.payByCard();
    return { posts };
  },

  // At rest, and another way of delivery to the same address.
  async other_delivery(visit, { email }) {
    await visit.reachPayment(email);
    const before = visit.wire.log.length;
    const current = visit.state.preOrder.delivery_option.pk;
    const other = visit.state.deliveryOptions.find((one) => one.delivery_option_type === 'customer' && one.pk !== current);
    if (other) await visit.act('setDeliveryOption', other.pk);
    const posts = visit.wire.log.slice(before).filter((one) => one.method === 'POST').length;
    const { chosen } = visit;
    await visit.choose('credit_card');
    await visit.payByCard();
    return { ...chosen, posts, wanted: other?.pk ?? current };
  },

  // The same card paid twice, as after a reply that was lost.
  async paid_twice(visit, { email }) {
    await visit.reachPayment(email);
    await visit.payByCard();
    await visit.act('completeCreditCardPayment', { ...visit.card, use_three_d: false });
  },

  // Another card, another option, another look: the checkout is opened again after each step.
  async reloaded(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.openCheckout();
    await visit.act('setBinNumber', '411111');
    await visit.openCheckout();
    await visit.act('setInstallmentOption', visit.state.installmentOptions.at(-1).pk);
    await visit.openCheckout();
    await visit.act('completeCreditCardPayment', { ...visit.card, use_three_d: false });
  },

  async redirection_given_up(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('redirection');
    await visit.act('completeRedirectionPayment');
    await visit.storefront.open(visit.browser.sentTo);
    await visit.openCheckout();
    await visit.choose('credit_card');
    await visit.payByCard();
  },

  // The basket and the checkout first, the sign-in then.
  async signed_in_late(visit, { email }) {
    await visit.arrive();
    await visit.fillBasket();
    await visit.openCheckout();
    await visit.signIn(email);
    await visit.openCheckout();
    await visit.addAddress();
    await visit.payByCard();
  },

  // Two options half filled in, and back to the one in between.
  async option_changed(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.act('setBinNumber', '411111');
    await visit.act('setInstallmentOption', visit.state.installmentOptions.at(-1).pk);
    await visit.choose('funds_transfer');
    await visit.choose('credit_payment');
    await visit.act('setCreditPaymentOption', visit.state.creditPaymentOptions[0]?.pk);
    await visit.choose('funds_transfer');
    await visit.act('setFundsTransferOption', visit.state.bankAccounts[0]?.pk);
    await visit.act('completeFundsTransfer');
  },

  // At rest, and another address to send it to and another to bill it to.
  async other_address(visit, { email }) {
    await visit.reachPayment(email);
    await visit.addAddress({ title: 'Work' });
    const [first, second] = visit.state.addressList.map((one) => one.pk);
    await visit.act('setAddresses', { shippingAddressPk: second, billingAddressPk: first });
    const { chosen } = visit;
    await visit.choose('credit_card');
    await visit.payByCard();
    return { first, second, sentTo: chosen.address, billedTo: chosen.billing };
  },

  // A card half filled in, another quantity in the basket, and the checkout again.
  async other_quantity(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.act('setBinNumber', '411111');
    const before = visit.state.preOrder.total_amount;
    await visit.act('updateQuantity', { product: visit.product, quantity: 3, attributes: {} });
    await visit.openCheckout();
    const after = visit.state.preOrder.total_amount;
    await visit.choose('credit_card');
    await visit.payByCard();
    return { before, after };
  },

  // Every option in turn, before one is paid.
  async undecided(visit, { email }) {
    await visit.reachPayment(email);
    const held = [];
    for (const { pk } of visit.state.paymentOptions) {
      await visit.act('setPaymentOption', pk);
      held.push(visit.state.preOrder.payment_option?.pk === pk);
    }
    await visit.choose('credit_card');
    await visit.payByCard();
    return { held };
  },

  async address_book(visit, { email }) {
    await visit.arrive();
    await visit.signIn(email);
    await visit.addAddress();
    await visit.addAddress({ title: 'Work', is_corporate: 'true', company_name: 'X', tax_no: '1234567890', tax_office: 'Y' });
    const [first, second] = (await visit.ask('getAddresses')).results;
    const { country, city, township, district } = first;
    const places = { country: country.pk, city: city.pk, township: township.pk, district: district?.pk };
    await visit.act('editAddress', { ...first, ...places, title: 'Harbour' });
    await visit.act('setDefaultAddress', { pk: second.pk, primary: true });
    const edited = (await visit.ask('getAddresses')).results;
    await visit.act('removeAddress', first.pk);
    const left = (await visit.ask('getAddresses')).results;
    return { edited: edited.map((one) => one.title), left: left.map((one) => one.title), primary: left.map((one) => one.primary) };
  },
};
