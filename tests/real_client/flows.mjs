// The flows by name: each drives one visit and returns what it found besides the order.

const AGREE_URL = 'https://apple-pay-gateway.apple.com/paymentservices/startSession';

export const FLOWS = {
  async sign_in(visit, { email }) {
    await visit.arrive();
    await visit.signIn(email);
    return { user: visit.user };
  },

  async rest(visit, { email }) {
    await visit.reachPayment(email);
    return visit.chosen;
  },

  async guest_rest(visit, { email }) {
    await visit.reachPaymentAsGuest(email);
    return visit.chosen;
  },

  async guest(visit, { email }) {
    await visit.reachPaymentAsGuest(email);
    await visit.payByCard();
  },

  async card(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.payByCard();
  },

  async card_3d(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_card');
    await visit.payByCard({ threeD: true });
    const { result } = await visit.ask('get3dRedirectForm');
    return visit.throughBank(result);
  },

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

  async funds_transfer(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('funds_transfer');
    await visit.act('setFundsTransferOption', visit.state.bankAccounts[0]?.pk);
    await visit.act('completeFundsTransfer');
  },

  async delivery_choice(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('pay_on_delivery');
    await visit.act('setPayOnDeliveryChoice', 'cash');
  },

  async delivery_page(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('pay_on_delivery');
    await visit.act('setCompletePayOnDelivery', { agreement: '1', paymentType: 'cash' });
  },

  async delivery_both(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('pay_on_delivery');
    await visit.act('setPayOnDeliveryChoice', 'cash');
    await visit.act('setCompletePayOnDelivery', { agreement: '1', paymentType: 'cash' });
  },

  async masterpass(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('masterpass');
    await visit.payByCard();
  },

  // The wallet wants 3-D Secure, so the browser comes back with a post.
  async masterpass_back(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('masterpass');
    visit.browser.wallet = () => {};
    await visit.payByCard();
    const asked = visit.wire.log.findLast((one) => one.page === 'MasterpassOrderNoPage');
    const { token } = asked.reply.context_list.find((one) => one.page_name === 'MasterpassCompletePage').page_context;
    return visit.back('MasterpassCompletePage', new URLSearchParams({ token }));
  },

  async redirection(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('redirection');
    await visit.act('completeRedirectionPayment');
    const { text } = await visit.storefront.open(visit.browser.sentTo);
    return visit.throughBank(text);
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

  // The client has nothing for the page before the bank's; it has the way back.
  async gpay(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('gpay');
    const request = { method: 'POST', body: 'agreement=true', headers: { ...visit.formHeaders } };
    const reply = await visit.wire.send(`${globalThis.driven.shop}/orders/checkout/?page=PaySelectionPage`, request);
    const { context_list: shown } = await reply.json();
    const away = shown.map((one) => one.page_context.redirect_url).find(Boolean);
    const bank = await visit.wire.send(new URL(away, globalThis.driven.shop).href, {});
    return visit.throughBank(await bank.text());
  },

  async credit_payment(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('credit_payment');
    await visit.act('setCreditPaymentOption', visit.state.creditPaymentOptions[0]?.pk);
    await visit.act('confirmationCreditPayment');
  },

  async loyalty_full(visit, { email }) {
    await visit.reachPayment(email);
    await visit.ask('getCheckoutLoyaltyBalance');
    const balance = visit.state.loyaltyBalance;
    await visit.choose('loyalty_money');
    await visit.act('payWithLoyaltyBalance', visit.state.preOrder.total_amount);
    const unpaid = visit.state.preOrder.unpaid_amount;
    await visit.act('completeLoyaltyPayment');
    return { balance, unpaid };
  },

  async loyalty_at_once(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('loyalty_money');
    await visit.act('completeLoyaltyPayment');
  },

  async loyalty_part(visit, { email }) {
    await visit.reachPayment(email);
    await visit.ask('getCheckoutLoyaltyBalance');
    const total = visit.state.preOrder.total_amount;
    await visit.act('payWithLoyaltyBalance', '5.00');
    const { unpaid_amount: unpaid, loyalty_money: used } = visit.state.preOrder;
    await visit.choose('credit_card');
    await visit.payByCard();
    return { total, unpaid, used };
  },

  async confirmation(visit, { email }) {
    await visit.reachPayment(email);
    await visit.choose('confirmation');
    await visit.act('applePaymentSelect', { agreement: true, validationURL: AGREE_URL });
    await visit.act('appleQuery', { agreement: true, paymentToken: '{"paymentData":"x"}' });
    await visit.act('completeConfirmation');
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

  async sign_out(visit, { email }) {
    await visit.arrive();
    await visit.signIn(email);
    const { cookieHeader: cookie } = visit.browser;
    const whoAmI = async () => (await visit.wire.send(`${globalThis.driven.shop}/current_user/`, { headers: { cookie } })).status;
    return { before: await whoAmI(), signedOut: await visit.storefront.signOut(), after: await whoAmI() };
  },

  async basket(visit, { email }) {
    await visit.arrive();
    await visit.signIn(email);
    await visit.fillBasket();
    const quantities = [(await visit.ask('getBasket')).total_quantity];
    await visit.act('updateQuantity', { product: visit.product, quantity: 3, attributes: {} });
    quantities.push((await visit.ask('getBasket')).total_quantity);
    await visit.act('applyVoucherCode', { voucher_code: 'NONE' });
    await visit.act('removeVoucherCode');
    await visit.act('clearBasket');
    quantities.push((await visit.ask('getBasket')).total_quantity);
    return { quantities };
  },

  async around(visit, { email }) {
    await visit.reachPayment(email);
    await visit.ask('getInstallments', visit.product);
    await visit.ask('getContract', 'sales');
    await visit.ask('getCoupons');
    await visit.act('setOrderNote', 'Ring twice');
    return { notes: visit.state.preOrder.notes };
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

  async retries(visit, { email, page }) {
    await visit.reachPayment(email);
    await visit.choose('funds_transfer');
    await visit.act('setFundsTransferOption', visit.state.bankAccounts[0]?.pk ?? 1);
    const tries = visit.wire.log.filter((one) => one.page === page);
    return { statuses: tries.map((one) => one.status), gaps: tries.slice(1).map((one, n) => one.sent - tries[n].answered) };
  },
};
