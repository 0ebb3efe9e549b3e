import { defineScript, read, run, write } from "../../src/script.ts";

export default defineScript([
  { text: "I'll look at the page first.", calls: read("src/App.tsx") },
  { calls: write(new URL("solution/", import.meta.url)) },
  { calls: run("npx tsc --noEmit") },
  { text: "The to-do list is built: tasks can be added, completed, deleted and filtered, and they survive a reload." },
]);
