import { defineScript, read, write } from "../../src/script.ts";

export default defineScript([
  { calls: read("src/App.tsx", "public/cities.csv") },
  { calls: write(new URL("solution/", import.meta.url)) },
  { text: "The table loads the CSV file, and can be sorted by every column and filtered." },
]);
