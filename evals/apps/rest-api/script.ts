import { call, defineScript, read, run, write } from "../../src/script.ts";

export default defineScript([
  { calls: read("src/app.ts", "test/app.ts") },
  {
    calls: [
      ...write(new URL("solution/", import.meta.url)),
      call("edit_file", {
        file_path: "src/app.ts",
        edits: [
          {
            search: 'import { welcomePage } from "./welcome.ts";',
            replace: 'import { createBookmarks } from "./routes/bookmarks.ts";\nimport { welcomePage } from "./welcome.ts";',
          },
          { search: "app.notFound(", replace: 'app.route("/api/bookmarks", createBookmarks());\n\napp.notFound(' },
        ],
      }),
    ],
  },
  { calls: run("npm test") },
  { text: "The bookmarks API is in src/routes/bookmarks.ts, with tests in test/bookmarks.ts." },
]);
