import { defineScript, edit, read, run } from "../../src/script.ts";

export default defineScript([
  { calls: read("slugify.js") },
  {
    calls: [
      edit(
        "slugify.js",
        '    .replaceAll(/[^a-z0-9 ]/g, "")\n    .replaceAll(" ", "-");',
        '    .normalize("NFD")\n    .replaceAll(/[^a-z0-9 _]/g, "")\n    .trim()\n    .replaceAll(/[ _]+/g, "-");',
      ),
    ],
  },
  { calls: run("npm test") },
  { text: "slugify keeps letters without their accents and joins words by one hyphen." },
]);
