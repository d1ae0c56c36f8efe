import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  base: "./",
  build: {
    outDir: "../src/taggram/web/page",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0, // the page's content security policy forbids data: in style sheets
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } }, // npm run dev beside taggram serve
  test: { include: ["tests/**/*.test.ts"] },
});
