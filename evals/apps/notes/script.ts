import { defineScript, read, write } from "../../src/script.ts";

export default defineScript([
  { calls: read("src/App.tsx") },
  { calls: write(new URL("solution/", import.meta.url)) },
  { text: "Notes can be written in Markdown, searched and deleted, and they survive a reload." },
]);
