// next-auth: the options that the client hands over are all that is needed to sign in.
export default (_request, _response, options) => options;
export const signOut = async (options) => {
  globalThis.driven.signedOut(options);
};
