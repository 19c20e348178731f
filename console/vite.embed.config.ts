/** The element for pages of tenants: one file, with its style within it, so that a page needs nothing else. */
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: '../.build/embed',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    lib: { entry: 'embed/element.tsx', formats: ['es'], fileName: () => 'headgate-jobs.js' },
  },
});
