import { defineScript, read, write } from "../../src/script.ts";

export default defineScript([
  { calls: read("src/App.tsx") },
  { calls: write(new URL("solution/", import.meta.url)) },
  { text: "Cards can be added, dragged, and moved with the keyboard." },
]);
