import { defineScript, read, write } from "../../src/script.ts";

export default defineScript([
  { calls: read("src/App.tsx") },
  { calls: write(new URL("solution/", import.meta.url)) },
  { text: "The contact form checks its fields when it is sent and thanks the visitor by name." },
]);
