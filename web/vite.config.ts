import { defineConfig } from 'vitest/config';

// Relative to nothing but the origin: the sidecar serves dist/ at "/", assets under a hashed name for a year.
export default defineConfig({
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true, sourcemap: false, modulePreload: { polyfill: false } },
  test: { include: ['src/**/*.test.ts'], environment: 'node', restoreMocks: true },
});
