// A browser as far as the client can tell: cookies, a document, a window with an address that can be set.

export const STOREFRONT = 'http://storefront.test';

export class Browser {
  constructor() {
    this.cookies = new Map([
      ['pz-locale', { value: 'en' }],
      ['pz-currency', { value: 'try' }],
    ]);
    this.visited = [];
    this.wallet = (_form, done) => done(200, { responseCode: '0000', token: 'granted', responseDescription: '' });
  }

  // One Set-Cookie header is one cookie: where a server joins two into one, a browser keeps the first.
  store(headers) {
    for (const line of headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const gone = value === '' || attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=Thu, 01 Jan 1970/i.test(one));
      if (gone) this.cookies.delete(name);
      else this.cookies.set(name, { value, hidden: attributes.some((one) => /^httponly$/i.test(one)) });
    }
  }

  get cookieHeader() {
    return [...this.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  get headers() {
    return {
      cookie: this.cookieHeader,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
      'accept-encoding': 'gzip, deflate, br',
    };
  }

  get document() {
    const browser = this;
    return {
      get cookie() {
        return [...browser.cookies].filter(([, one]) => !one.hidden).map(([name, one]) => `${name}=${one.value}`).join('; ');
      },
      set cookie(line) {
        const headers = new Headers();
        headers.append('set-cookie', line);
        browser.store(headers);
      },
    };
  }

  get window() {
    const browser = this;
    return {
      MFS: { directPurchase: (form, done) => browser.wallet(form, done) },
      addEventListener() {},
      location: {
        origin: STOREFRONT,
        pathname: '/orders/checkout/',
        get href() {
          return browser.visited.at(-1) ?? STOREFRONT;
        },
        set href(url) {
          browser.visited.push(url);
        },
      },
    };
  }

  // Where the browser was last sent to, as a path on the shop or the storefront.
  get sentTo() {
    const url = new URL(this.visited.at(-1) ?? '/', STOREFRONT);
    return url.pathname;
  }
}

// The first form of a page: where it goes and what it carries.
export function formOf(html) {
  const action = unescape(/<form[^>]*action=["']([^"']*)["']/i.exec(html)?.[1] ?? '');
  const fields = new URLSearchParams();
  for (const [input] of html.matchAll(/<input[^>]*>/gi)) {
    const name = /name=["']([^"']*)["']/i.exec(input)?.[1];
    if (name) fields.append(name, unescape(/value=["']([^"']*)["']/i.exec(input)?.[1] ?? ''));
  }
  return { action, fields };
}

function unescape(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>');
}
