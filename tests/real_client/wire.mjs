// What goes over the wire to the shop: noted here, never changed.
import { channel } from 'node:diagnostics_channel';

export class TooMany extends Error {}

export class Wire {
  constructor(fetch, most) {
    this.fetch = fetch;
    this.most = most;
    this.log = [];
    this.waiting = 0;
    this.begun = performance.now();
    this.moves = 0;
  }

  // Send what the client wants to send, as it is. A client that cannot stop is stopped: it is counted, not waited for.
  async send(input, init) {
    if (this.log.length >= this.most) throw new TooMany(`more than ${this.most} requests`);
    const url = new URL(typeof input === 'string' ? input : input.url ?? input);
    const note = {
      method: init?.method ?? input.method ?? 'GET',
      path: url.pathname,
      page: url.searchParams.get('page'),
      query: url.search,
      body: bodyOf(init?.body),
      sent: performance.now() - this.begun,
      before: this.log.filter((one) => one.answered !== undefined).length,
    };
    this.log.push(note);
    this.waiting += 1;
    this.moves += 1;
    pending.set(`${note.method} ${url.pathname}${url.search}`, note);
    try {
      const reply = await this.fetch(input, init);
      note.status = reply.status;
      note.reply = read(await reply.clone().text());
      return reply;
    } finally {
      note.answered = performance.now() - this.begun;
      this.waiting -= 1;
      this.moves += 1;
    }
  }

  // Wait until nothing is on its way and the client has started nothing new for a while.
  async rest(quiet = 15, longest = 15000) {
    const until = performance.now() + longest;
    let seen = -1;
    while (performance.now() < until && (this.waiting > 0 || seen !== this.moves)) {
      seen = this.moves;
      await new Promise((wake) => setTimeout(wake, quiet));
    }
  }
}

// The headers as they were written to the socket.
const pending = new Map();
channel('undici:client:sendHeaders').subscribe(({ request, headers }) => {
  const note = pending.get(`${request.method} ${request.path}`);
  if (note) note.headers = headers.split('\r\n').filter(Boolean).slice(1);
});

function bodyOf(body) {
  return body === undefined || body === null ? '' : String(body);
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
