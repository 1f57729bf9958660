// node driver.mjs BUNDLE SHOP: reads one JSON object a line, {"flow": ..., "email": ...}, and answers each with one.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { FLOWS } from './flows.mjs';

const [, , bundle, shop] = process.argv;
const MOST = 80; // requests of a flow, after which its client is said to loop
const said = [];
// Standard output is the protocol's; what the client writes there is noted instead.
const answer = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);
for (const name of ['log', 'info', 'warn', 'error', 'debug']) console[name] = (...words) => said.push(words.join(' ').slice(0, 300));
process.on('unhandledRejection', (error) => said.push(`unhandled: ${String(error?.message ?? JSON.stringify(error)).slice(0, 200)}`));
globalThis.driven = { shop, signedOut: () => said.push('signed out by the client') };
process.env.NEXT_PUBLIC_URL = shop;
process.env.NODE_ENV = 'production';
const { visit } = await import('./visit.mjs');

async function run({ flow, most = MOST, product = 1, ...asked }) {
  said.length = 0;
  return visit(pathToFileURL(bundle).href, { most, product }, async (one) => {
    let found = null;
    let failed = null;
    try {
      found = await FLOWS[flow](one, asked);
      await one.wire.rest();
    } catch (error) {
      failed = String(error?.stack ?? error).slice(0, 600);
    }
    const order = failed ? null : await one.order();
    await one.wire.rest();
    const { log } = one.wire;
    return { flow, failed, found, order, errors: one.errors, visited: one.browser.visited, chosen: one.chosen, atRest: one.atRest, log, said: [...said] };
  });
}

for await (const line of createInterface({ input: process.stdin })) answer(await run(JSON.parse(line)));
process.exit(0);
