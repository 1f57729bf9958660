// The two plugins that the client's store names. The wallet's form is only passed on to window.MFS.
export const setError = (payload) => ({ type: 'masterpass/setError', payload });
export const setOtpModalVisible = (payload) => ({ type: 'masterpass/setOtpModalVisible', payload });
export const buildDirectPurchaseForm = async (values, card) => ({ ...values, ...card });
export const buildPurchaseForm = async (values) => values;

const WALLET = {
  isDirectPurchase: true,
  referenceNo: 'REF1',
  credentials: { merchant_id: 'M1', s3d_return_url: '/orders/checkout/?page=MasterpassCompletePage' },
  msisdn: '905550000000',
};
export const masterpassReducer = (state = WALLET) => state;
export const otpReducer = (state = {}) => state;
