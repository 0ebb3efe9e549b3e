import { defineScript, read, write } from "../../src/script.ts";

export default defineScript([
  { calls: read("src/App.tsx") },
  { calls: write(new URL("solution/", import.meta.url)) },
  { text: "The checkout leads through cart, shipping, payment and review." },
]);
