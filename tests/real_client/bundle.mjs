// Bundles the client's own code with stand-ins for what a theme supplies: node bundle.mjs OUTPUT
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const CLIENT = path.join(here, 'node_modules/@akinon/next');

const STAND_INS = {
  settings: 'settings.js',
  routes: 'routes.js',
  'redux/store': 'store.js',
  '@theme/redux/store': 'store.js',
  '@akinon/pz-masterpass': 'plugins.js',
  '@akinon/pz-masterpass/src/redux/reducer': 'plugins.js',
  '@akinon/pz-masterpass/src/utils': 'plugins.js',
  '@akinon/pz-otp': 'plugins.js',
  'next-auth': 'sign_in.js',
  'next-auth/react': 'sign_in.js',
  'next-auth/providers/credentials': 'credentials.js',
  redis: 'cache.js',
  'generic-pool': 'cache.js',
};

// The package is published as TypeScript without a build, so its modules are found by their endings.
function inClient(name) {
  const base = path.join(CLIENT, name.slice('@akinon/next'.length));
  return ['.ts', '.tsx', '/index.ts', '.js', ''].map((end) => base + end).find((file) => existsSync(file) && statSync(file).isFile());
}

const theme = {
  name: 'theme',
  setup(bundler) {
    bundler.onResolve({ filter: /.*/ }, ({ path: name }) => {
      if (name in STAND_INS) return { path: path.join(here, 'stand_ins', STAND_INS[name]) };
      if (name === 'next/server') return { path: 'next/server.js', external: true };
      if (name === '@akinon/next' || name.startsWith('@akinon/next/')) return { path: inClient(name) };
      return undefined;
    });
  },
};

await build({
  entryPoints: [path.join(here, 'client.js')],
  outfile: process.argv[2],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  logLevel: 'warning',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  plugins: [theme],
});
