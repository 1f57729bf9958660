// The flows by name: each drives one visit and returns what it found besides the order.
import { CHANGED_CHOICES } from './changed_choices.mjs';

const AGREE_URL = 'https://apple-pay-gateway.apple.com/paymentservices/startSession';

export const FLOWS = {
  ...CHANGED_CHOICES,

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

  async retries(visit, { email, page }) {
    await visit.reachPayment(email);
    await visit.choose('funds_transfer');
    await visit.act('setFundsTransferOption', visit.state.bankAccounts[0]?.pk ?? 1);
    const tries = visit.wire.log.filter((one) => one.page === page);
    return { statuses: tries.map((one) => one.status), gaps: tries.slice(1).map((one, n) => one.sent - tries[n].answered) };
  },
};
