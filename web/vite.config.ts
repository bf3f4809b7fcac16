import { defineConfig } from 'vitest/config';

const sidecar = process.env['KIESTOON_URL'] ?? 'http://127.0.0.1:8080';
const proxy = { target: sidecar, changeOrigin: false, secure: false };

// Relative to nothing but the origin: the sidecar serves dist/ at "/", what lies in assets/ under a hashed name for a year.
export default defineConfig({
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': proxy, '/ca.crt': proxy, '/sip': { ...proxy, ws: true } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node', restoreMocks: true },
});
