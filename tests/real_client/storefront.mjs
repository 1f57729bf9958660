// The storefront's own server: the client's handlers behind the paths at which Next would call them.
import { STOREFRONT } from './browser.mjs';

export class Storefront {
  constructor(client, browser, wire) {
    this.client = client;
    this.browser = browser;
    this.wire = wire;
  }

  // A request of the browser's scripts to /api/client/...
  async call(request) {
    const url = new URL(request.url);
    const headers = new Headers(request.headers);
    for (const [name, value] of Object.entries(this.browser.headers)) headers.set(name, value);
    headers.set('referer', `${STOREFRONT}/orders/checkout/`);
    headers.set('origin', STOREFRONT);
    const body = ['GET', 'HEAD'].includes(request.method) ? undefined : await request.text();
    const slug = url.pathname.split('/').filter(Boolean).slice(2);
    const sent = new Request(url, { method: request.method, headers, body });
    const reply = await this.client.proxy[request.method](sent, { params: { slug } });
    this.browser.store(reply.headers);
    return reply;
  }

  // A page that the browser opens, or a form that it sends: the client's middleware decides what becomes of it.
  async open(path, { method = 'GET', body } = {}) {
    const headers = { ...this.browser.headers };
    if (body !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
    const request = new this.client.NextRequest(new URL(path, STOREFRONT), { method, headers, body });
    const reply = await this.client.withPzDefault(async () => undefined)(request, {});
    const location = reply.headers.get('location');
    this.browser.store(reply.headers);
    if (location) this.browser.visited.push(location);
    const rewritten = reply.headers.get('x-middleware-rewrite');
    if (rewritten?.startsWith(globalThis.driven.shop)) {
      // Next passes such a request on to the shop itself, with what the browser sent.
      const passed = await this.wire.send(rewritten, { method, headers, redirect: 'manual' });
      this.browser.store(passed.headers);
      return { status: passed.status, text: await passed.text() };
    }
    return { status: reply.status, location };
  }

  // Sign in as next-auth would: it adds fields of its own to what the form holds.
  async signIn(email, password) {
    const set = new Headers();
    const cookies = Object.fromEntries([...this.browser.cookies].map(([name, { value }]) => [name, value]));
    const request = { cookies, headers: { cookie: this.browser.cookieHeader, referer: STOREFRONT } };
    const response = { setHeader: (name, values) => [].concat(values).forEach((one) => set.append(name, one)) };
    const { providers } = this.client.auth(request, response);
    const user = await providers
      .find((one) => one.id === 'default')
      .authorize({ email, password, formType: 'login', locale: 'en', redirect: 'false', callbackUrl: '/', csrfToken: 'abc', json: 'true' });
    this.browser.store(set);
    return user;
  }

  async signOut() {
    const session = this.browser.cookies.get('osessionid')?.value;
    const request = new Request(`${STOREFRONT}/api/logout`, { method: 'POST', headers: session ? { osessionid: session } : {} });
    return (await this.client.logout(request)).status;
  }
}
